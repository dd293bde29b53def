// SPDX-License-Identifier: BSD-2-Clause
// What a form to make and one to change a document have in common.
import {el, signInLink} from "./dom.js";
import {clear, isDirty, localErrors, mark} from "./form.js";

const QUESTION = "Discard what you have typed?";
let open_ = null; // the one form of the page

addEventListener("beforeunload", event => {
    if (open_ && !open_.sent && isDirty(open_.controls)) {
        event.preventDefault();
        event.returnValue = "";
    }
});

// {form, problem, busy(bool)}: calls save() on Save, and leave() on Cancel, or on Escape when
// nothing was typed or may be lost.
export function editor({title, controls, save, leave, beside}) {
    const problem = el("div", {class: "problem", role: "alert"});
    const button = el("button", {type: "submit", class: "main"}, "Save");
    const edit = {controls, problem, sent: false};
    const escape = event => {
        if (event.key !== "Escape" || open_ !== edit) return;
        event.preventDefault();
        if (!isDirty(edit.controls) || confirm(QUESTION)) edit.close(leave);
    };
    edit.form = el("form", {class: "edit", novalidate: true, "aria-label": title, onsubmit: event => {
        event.preventDefault();
        if (!button.disabled) submit(edit, save);
    }}, problem, beside, controls.map(one => one.node),
        el("p", {class: "actions"}, button,
           el("button", {type: "button", onclick: () => edit.close(leave)}, "Cancel")));
    edit.busy = busy => { button.disabled = busy; edit.form.toggleAttribute("aria-busy", busy); };
    edit.close = then => {
        removeEventListener("keydown", escape);
        open_ = null;
        if (then) then();
    };
    addEventListener("keydown", escape);
    open_ = edit;
    return edit;
}

async function submit(edit, save) {
    clear(edit.form);
    edit.problem.replaceChildren();
    const wrong = localErrors(edit.controls);
    if (wrong.length) {
        mark(edit.form, wrong);
        return;
    }
    edit.busy(true);
    await save(edit);
    edit.busy(false);
}

// An answer that is no success: beside the fields that it names, else above the form.
export function refuse(edit, answer) {
    const {message, errors = []} = answer.data;
    const rest = mark(edit.form, errors);
    if (errors.length && !rest.length) return;
    edit.problem.replaceChildren(el("p", {}, answer.status === 0
        ? `${message}. What you have typed is still here.` : message),
        ...(rest.length ? [el("ul", {}, rest.map(one => el("li", {}, one)))] : []));
    if (answer.status === 401) {
        const link = signInLink();
        link.target = "_blank"; // what was typed stays
        edit.problem.append(el("p", {}, link));
    }
    if (!errors.length || rest.length === errors.length) edit.problem.scrollIntoView({block: "center"});
}

export function focusFirst(form) {
    const first = form.querySelector("input, textarea, select");
    if (first) first.focus();
}
