// SPDX-License-Identifier: BSD-2-Clause
// /new/<resource>: a form for one.
import {newKey, request} from "./api.js";
import {el, heading, show, showProblem, signInLink, tellNext} from "./dom.js";
import {editor, focusFirst, refuse} from "./edit.js";
import {build, whole} from "./form.js";
import {textOf} from "./value.js";

const AGAIN_MS = 500, TIMES = 10;
const pause = ms => new Promise(done => setTimeout(done, ms));

// One key a form, until an answer has come: a Save whose answer was lost makes one record.
async function post(resource, state, body) {
    for (let i = 0; ; i++) {
        const answer = await request("POST", resource.path, {
            body, headers: {"Idempotency-Key": state.key}});
        const inFlight = answer.status === 409 && !(answer.data.errors || []).length &&
                         /Idempotency-Key/i.test(answer.data.message || "");
        if (!inFlight || i === TIMES) return answer;
        await pause(AGAIN_MS);
    }
}

async function save(resource, state, edit) {
    const answer = await post(resource, state, whole(edit.controls));
    if (answer.ok) {
        edit.sent = true;
        tellNext("Saved");
        location.replace(`/r/${resource.name}/${encodeURIComponent(textOf(answer.data.data._id))}`);
        return;
    }
    if (answer.status === 422)
        answer.data.message = "What you saved before has arrived after all: look at the list " +
                              "before you save this as another one";
    if (answer.status !== 0 && answer.status < 500) state.key = newKey();
    refuse(edit, answer);
}

export async function open({resource, user}) {
    const title = `New ${resource.singular}`, list = `/r/${resource.name}`;
    if (!resource.may("create")) {
        showProblem(title, user ? "Your account may not make one." : "Sign in to make one.",
                    user ? el("a", {href: list}, `All ${resource.name}`) : signInLink());
        return;
    }
    const initial = Object.fromEntries(resource.fields.filter(one => one.initial !== undefined)
        .map(one => [one.name, one.initial]));
    const state = {key: newKey()};
    const edit = editor({title, controls: build(resource.fields, initial),
                         save: one => save(resource, state, one),
                         leave: () => location.assign(list)});
    show(title, el("p", {class: "path"}, el("a", {href: list}, `All ${resource.name}`)),
         heading(title), edit.form);
    focusFirst(edit.form);
}
