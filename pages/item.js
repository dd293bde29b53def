// SPDX-License-Identifier: BSD-2-Clause
// /r/<resource>/<id>: one document, to read, change and delete.
import {get, request, same} from "./api.js";
import {el, heading, show, showFailure, showProblem, signInLink, tell} from "./dom.js";
import {editor, focusFirst, refuse} from "./edit.js";
import {build, changes, merge, rebase} from "./form.js";
import {watch} from "./live.js";
import {titleOf} from "./schema.js";
import {full, rows} from "./value.js";

const UNDO_MS = 6000;

export async function open({resource, id, user}) {
    const page = {resource, target: `${resource.path}/${encodeURIComponent(id)}`, may: new Set(),
                  list: `/r/${resource.name}`, item: null, etag: null, edit: null, removal: null};
    if (!resource.may("read")) {
        showProblem(resource.name, user ? "Your account may not read this." : "Sign in to read this.",
                    user ? null : signInLink());
        return;
    }
    const [there] = await Promise.all([load(page), learnRights(page, user)]);
    if (!there) return;
    view(page);
    addEventListener("pagehide", () => { if (page.removal) remove(page, true); });
    addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
    watch(resource, () => [page.target], (path, etag) => arrived(page, etag), () => gone(page));
}

// What only who has made it may do is not in the resource's rights, but in Allow.
async function learnRights(page, user) {
    const rights = [["update", "PATCH"], ["delete", "DELETE"]].filter(([what]) => page.resource.may(what));
    const answer = user && rights.length ? await request("OPTIONS", page.target) : null;
    const allow = answer && answer.headers.get("Allow");
    for (const [what, method] of rights)
        if (!allow || allow.split(/,\s*/).includes(method)) page.may.add(what);
}

const back = page => el("a", {href: page.list}, `All ${page.resource.name}`);

function absent(page, message) {
    page.item = null;
    showProblem("Not found", message, back(page));
}

async function load(page) {
    const answer = await get(page.target);
    if (answer.ok) {
        page.item = answer.data.data;
        page.etag = answer.etag;
    } else if (answer.status === 404 || answer.status === 400) {
        absent(page, answer.data.message);
    } else {
        showFailure(answer);
    }
    return answer.ok;
}

// --- Reading ---

function view(page, focus = "") {
    const {resource, item} = page;
    page.edit = null;
    const title = titleOf(resource, item);
    const edit = page.may.has("update") &&
        el("button", {type: "button", class: "main", onclick: () => change(page, page.item)}, "Edit");
    const drop = page.may.has("delete") &&
        el("button", {type: "button", onclick: () => begin(page)}, "Delete");
    show(title, el("p", {class: "path"}, back(page)), heading(title, edit, drop),
         el("dl", {class: "record"}, rows(resource.fields, item)));
    if (focus === "edit" && edit) edit.focus();
}

// --- What others do ---

async function arrived(page, etag) {
    if (!page.item || etag === page.etag || page.removal) return;
    if (page.edit) {
        tell("Somebody has changed this meanwhile. What you have typed is still here.", {stay: true});
        return;
    }
    if (!await load(page)) return;
    if (!page.edit && !page.removal) view(page);
    tell("This was changed just now: here is the new version");
}

function gone(page) {
    if (!page.item || page.removal) return;
    if (page.edit) tell("Somebody has deleted this meanwhile", {stay: true, bad: true});
    else absent(page, `This ${page.resource.singular} has been deleted.`);
}

// --- Changing ---

// item: what the form holds; page.item: what there is, from which changes are counted.
function change(page, item, beside = null) {
    const {resource} = page, title = titleOf(resource, page.item);
    const controls = build(resource.changes, item);
    if (item !== page.item) rebase(controls, build(resource.changes, page.item));
    page.edit = editor({title: `Edit ${title}`, controls, beside, save: edit => save(page, edit),
                        leave: () => leave(page)});
    show(`Edit ${title}`, el("p", {class: "path"}, back(page)), heading(`Edit ${title}`), page.edit.form);
    if (beside) beside.focus(); else focusFirst(page.edit.form);
}

async function leave(page) {
    tell("");
    if (await load(page)) view(page, "edit");
}

async function save(page, edit) {
    const patch = changes(edit.controls);
    if (!Object.keys(patch).length) {
        edit.close(() => leave(page));
        return;
    }
    const answer = await request("PATCH", page.target, {
        body: patch, type: "application/merge-patch+json",
        headers: page.etag ? {"If-Match": page.etag} : {}});
    if (answer.status === 412) await conflict(page, edit, patch);
    else if (answer.ok) await saved(page, edit, answer);
    else refuse(edit, answer);
}

async function saved(page, edit, answer) {
    page.etag = answer.etag;
    page.item = answer.data.data;
    if (!page.item || !page.etag) {
        if (!await load(page)) return;
    }
    edit.close(() => view(page, "edit"));
    tell("Saved");
}

// Both versions side by side; the form has what was typed, and theirs elsewhere.
async function conflict(page, edit, patch) {
    const mine = merge(page.item, patch);
    const answer = await get(page.target);
    if (!answer.ok) {
        refuse(edit, answer);
        return;
    }
    const theirs = answer.data.data, both = merge(theirs, patch);
    page.item = theirs;
    page.etag = answer.etag;
    if (same(both, theirs)) { // our own Save, whose answer was lost
        edit.close(() => view(page, "edit"));
        tell("Saved");
        return;
    }
    edit.close(null);
    change(page, both, versions(page, mine, theirs));
    tell("Changed meanwhile by somebody else: nothing is saved yet", {stay: true});
}

function versions(page, mine, theirs) {
    const fields = page.resource.changes.filter(one => one.sent &&
                                                       !same(mine[one.name], theirs[one.name]));
    return el("section", {class: "versions", tabindex: "-1", "aria-label": "Changed meanwhile"},
        el("h2", {}, "Changed meanwhile"),
        el("p", {}, "Somebody else has saved this since you opened it. Save keeps what you have typed, ",
           "and theirs elsewhere; Cancel keeps theirs."),
        el("div", {class: "wide"}, el("table", {}, el("thead", {}, el("tr", {},
            ["Field", "Yours", "Theirs"].map(one => el("th", {scope: "col"}, one)))),
            el("tbody", {}, fields.map(one => el("tr", {}, el("th", {scope: "row"}, one.name),
                el("td", {}, full(one, mine[one.name])), el("td", {}, full(one, theirs[one.name]))))))));
}

// --- Deleting: not before it could be undone ---

function begin(page) {
    const title = titleOf(page.resource, page.item);
    const undo = el("button", {type: "button", class: "main", onclick: () => {
        clearTimeout(page.removal);
        page.removal = null;
        view(page, "edit");
        tell("Not deleted");
    }}, "Undo");
    page.removal = setTimeout(() => remove(page, false), UNDO_MS);
    show(title, el("p", {class: "path"}, back(page)),
         heading(el("del", {}, title)),
         el("p", {}, `This ${page.resource.singular} is deleted. For a few seconds that can be undone.`),
         el("p", {class: "actions"}, undo));
    undo.focus();
    tell("Deleted");
}

async function remove(page, leaving) {
    clearTimeout(page.removal);
    page.removal = null;
    const answer = await request("DELETE", page.target, {
        keepalive: leaving, headers: page.etag ? {"If-Match": page.etag} : {}});
    if (leaving) return;
    if (answer.ok || answer.status === 404) {
        const title = titleOf(page.resource, page.item);
        page.item = null;
        tell("");
        showProblem("Deleted", `“${title}” has been deleted.`, back(page));
        return;
    }
    if (await load(page)) view(page, "edit");
    tell(answer.status === 412 ? "Not deleted: somebody has changed this meanwhile"
                               : `Not deleted: ${answer.data.message}`, {stay: true, bad: true});
}
