// SPDX-License-Identifier: BSD-2-Clause
// Which page this is, for whom.
import {get, request} from "./api.js";
import {el, showFailure, showLoading, showProblem, signInLink, tell, tellFromBefore, tellNext} from "./dom.js";
import {describe, has, isList, load} from "./schema.js";

const PAGES = [
    [/^\/$/, "home"],
    [/^\/r\/([^/]+)\/?$/, "list"],
    [/^\/r\/([^/]+)\/([^/]+)$/, "item"],
    [/^\/new\/([^/]+)\/?$/, "new"],
    [/^\/signin$/, "signin"],
    [/^\/status$/, "status"],
    [/^\/api\/docs$/, "docs"],
];

async function signOut() {
    const answer = await request("DELETE", "/api/sessions/current");
    if (!answer.ok && answer.status !== 401) {
        tell(answer.data.message, {bad: true});
        return;
    }
    tellNext("Signed out");
    location.reload();
}

const current = (link, path) => location.pathname === path || location.pathname.startsWith(`${path}/`)
    ? {...link, "aria-current": "page"} : link;

function frame({user, resources, docs}) {
    document.querySelector("nav").replaceChildren(...resources.map(({name}) =>
        el("a", current({href: `/r/${name}`}, `/r/${name}`), name)));
    const here = document.querySelector("nav [aria-current]");
    if (here) here.scrollIntoView({block: "nearest", inline: "nearest"}); // the row scrolls on phones
    document.querySelector(".tools").replaceChildren(...[
        el("a", current({href: docs}, docs), "API"),
        user && user.role === "admin" && el("a", current({href: "/status"}, "/status"), "Status"),
        user && el("span", {class: "user", title: user.role}, user.name),
        user ? el("button", {type: "button", onclick: signOut}, "Sign out")
             : location.pathname !== "/signin" && signInLink(),
    ].filter(Boolean));
}

// The page's module, and what it is about.
function find() {
    for (const [pattern, name] of PAGES) {
        const match = pattern.exec(location.pathname);
        if (match) return {name, words: match.slice(1).map(decodeURIComponent)};
    }
    return null;
}

async function open(page, home) {
    const context = {home, user: home.user, resources: home.resources};
    if (["list", "item", "new"].includes(page.name)) {
        const named = home.resources.find(one => one.name === page.words[0]);
        if (!named || !has(named.path)) {
            showProblem("Not found", `There is no resource “${page.words[0]}” here.`,
                        el("a", {href: "/"}, "All resources"));
            return;
        }
        context.resource = describe(named);
        context.id = page.words[1];
        if (page.name === "item" && isList(named, context.id)) {
            context.resource = describe(named, `${named.path}/${context.id}`);
            page.name = "list";
        }
    }
    const {open: show} = await import(`./${page.name}.js`);
    await show(context);
}

async function start() {
    showLoading();
    const page = find();
    const [home, document_] = await Promise.all([get("/"), load().catch(() => null)]);
    if (!home.ok || !document_) {
        showFailure(home.ok ? {data: {message: "The server did not answer"}} : home);
        return;
    }
    frame(home.data);
    if (page) await open(page, home.data);
    else showProblem("Not found", "There is no such page.", el("a", {href: "/"}, "All resources"));
    tellFromBefore();
}

start().catch(error => showFailure({data: {message: String(error)}}));
