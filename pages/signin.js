// SPDX-License-Identifier: BSD-2-Clause
// /signin?next=…: back to where one was, on this origin only.
import {request} from "./api.js";
import {el, show, tellNext} from "./dom.js";
import {mark, clear} from "./form.js";

// What the browser would make of it decides, not what it looks like.
export function target(text) {
    try {
        const url = new URL(text || "/", location.origin);
        return url.origin === location.origin && url.pathname !== "/signin" ? url.href : "/";
    } catch {
        return "/";
    }
}

function input(name, label, type, autocomplete) {
    return el("div", {class: "field"}, el("label", {for: name}, label),
        el("input", {id: name, name, type, autocomplete, required: true, "aria-describedby": `${name}-error`}),
        el("p", {class: "error", id: `${name}-error`}));
}

async function signIn(form, next) {
    const button = form.querySelector("[type=submit]");
    clear(form);
    button.disabled = true;
    const answer = await request("POST", "/api/sessions", {body: {
        email: form.elements.email.value, password: form.elements.password.value}});
    button.disabled = false;
    if (answer.ok) {
        tellNext(`Signed in as ${answer.data.user.name}`);
        location.replace(next);
        return;
    }
    mark(form, answer.data.errors || [{field: "password", message: answer.data.message}]);
}

export async function open({user}) {
    const next = target(new URLSearchParams(location.search).get("next"));
    if (user) {
        show("Sign in", el("section", {class: "empty"}, el("h1", {}, `Signed in as ${user.name}`),
                           el("p", {}, el("a", {href: next}, "Go on"))));
        return;
    }
    const form = el("form", {class: "narrow", novalidate: true, onsubmit: event => {
        event.preventDefault();
        signIn(form, next);
    }}, el("h1", {}, "Sign in"), input("email", "Email", "email", "username"),
        input("password", "Password", "password", "current-password"),
        el("p", {class: "actions"}, el("button", {class: "main", type: "submit"}, "Sign in")));
    show("Sign in", form);
    form.elements.email.focus();
}
