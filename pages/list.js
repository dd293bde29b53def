// SPDX-License-Identifier: BSD-2-Clause
// /r/<resource>: a list. The page's query is the API's.
import {get, same} from "./api.js";
import {el, heading, show, showProblem, signInLink, tell} from "./dom.js";
import {watch} from "./live.js";
import {kindOf, plain, titleField, titleOf} from "./schema.js";
import {brief, textOf, ZONE} from "./value.js";
import {localText, utcText} from "./time.js";

const COLUMNS = 5, ROOM_ON_PHONES = 6;
const LEFT_OUT = ["long", "json", "groups", "object"];

export async function open({resource, user}) {
    if (!resource.may("read")) {
        showProblem(resource.name, user ? "Your account may not read these." : "Sign in to read these.",
                    user ? null : signInLink());
        return;
    }
    const list = {resource, query: new URLSearchParams(location.search), etag: null,
                  body: el("div", {class: "results"}), total: el("p", {class: "total"}),
                  told: null, facets: new Map(), asked: 0};
    list.controls = controls(list);
    show(resource.name,
         heading(resource.name, resource.may("create") &&
                 el("a", {class: "button main", href: `/new/${resource.name}`}, "New")),
         resource.description ? el("p", {class: "quiet"}, resource.description) : null,
         el("div", {class: "split"}, list.controls,
            el("section", {"aria-label": "Records"}, list.total, list.body)));
    addEventListener("popstate", () => {
        list.query = new URLSearchParams(location.search);
        fill(list);
        load(list);
    });
    fill(list);
    await load(list);
    list.live = watch(resource, () => [target(list)], (path, etag) => {
        if (path !== target(list)) return;
        list.told = etag;
        if (!list.body.hasAttribute("aria-busy")) catchUp(list);
    });
}

// What was told while the list was on its way may be what has come.
function catchUp(list) {
    if (list.told && list.told !== list.etag) load(list, true);
}

const target = list => list.resource.listed + (list.query.size ? `?${list.query}` : "");

function navigate(list, query) {
    list.query = query;
    history.pushState(null, "", location.pathname + (query.size ? `?${query}` : ""));
    fill(list);
    load(list);
    if (list.live) list.live.again();
}

// --- What is asked for ---

function labelled(name, control, hint) {
    const id = `filter-${name}`;
    control.id = id;
    control.name = name;
    return el("div", {class: "field"}, el("label", {for: id}, name), control, hint);
}

const ASKED_BY = {number: {inputmode: "decimal"}, several: {placeholder: "one, another"}, time: {type: "datetime-local", step: "1"},
                  date: {type: "date"}};

function filter(list, parameter) {
    const several = parameter.schema.type === "array";
    const schema = plain(several ? parameter.schema.items : parameter.schema);
    const kind = kindOf(schema);
    const values = kind === "check" ? ["true", "false"] : schema.enum;
    if (values) return several ? choices(list, values) : choice(list, values);
    const control = el("input", {type: "text", autocomplete: "off", title: kind === "time" ? ZONE : null,
        ...ASKED_BY[several ? "several" : kind], onkeydown: event => {
            if (event.key === "Enter") { event.preventDefault(); apply(list); }
        }});
    control.dataset.kind = several ? "several" : kind;
    return control;
}

const options = values => values.map(one => el("option", {value: String(one)}, String(one)));

function choice(list, values) {
    return el("select", {onchange: () => apply(list)}, el("option", {value: ""}, "any"), options(values));
}

// A click chooses one more, or one less; without this it would need Ctrl.
function choices(list, values) {
    const control = el("select", {multiple: true, size: Math.min(values.length, 6),
        onchange: () => apply(list), onmousedown: event => {
            if (event.target.tagName !== "OPTION" || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            event.target.selected = !event.target.selected;
            control.focus({preventScroll: true});
            apply(list);
        }}, options(values));
    control.dataset.kind = "several";
    return control;
}

function controls(list) {
    const {resource} = list;
    const search = resource.searches && el("div", {class: "field"},
        el("label", {for: "search"}, "Search"),
        el("input", {type: "search", id: "search", name: "q", autocomplete: "off", maxlength: 200}));
    const sort = resource.sorts.length > 1 && el("div", {class: "field"},
        el("label", {for: "sort"}, "Sort"),
        el("select", {id: "sort", name: "sort", onchange: () => apply(list)},
           resource.sorts.map(one => el("option", {value: one},
                                        one.startsWith("-") ? `${one.slice(1)}, descending` : one))));
    const filters = resource.filters.map(one => {
        const place = el("div", {class: "facet"});
        if (resource.facets.includes(one.name)) list.facets.set(one.name, place);
        return labelled(one.name, filter(list, one), place);
    });
    return el("form", {class: "filters", role: "search", "aria-label": "Filters",
                       onsubmit: event => { event.preventDefault(); apply(list); }},
              search, sort, filters.slice(0, ROOM_ON_PHONES), more(list, filters),
              el("button", {type: "submit", class: "unseen", tabindex: "-1"}, "Apply"));
}

// Those beyond a phone's room are a touch away there.
function more(list, filters) {
    if (filters.length <= ROOM_ON_PHONES) return null;
    const rest = list.resource.filters.slice(ROOM_ON_PHONES);
    return el("details", {class: "more", open: innerWidth > 800 || rest.some(one => list.query.has(one.name))},
              el("summary", {}, "More filters"), filters.slice(ROOM_ON_PHONES));
}

// Both ways between what a control has and its parameter's values.
function shownText(control, text) {
    return control.dataset.kind === "time" && text ? localText(text) : text;
}

function sentValues(control) {
    if (control.multiple) return [...control.selectedOptions].map(one => one.value);
    const {kind} = control.dataset, text = control.value.trim();
    if (kind === "several") return split([text]);
    return text ? [kind === "time" ? utcText(text) : text] : [];
}

const split = texts => texts.join(",").split(",").map(one => one.trim()).filter(Boolean);

function fill(list) {
    for (const control of list.controls.elements)
        if (control.name) fillOne(list, control);
}

function fillOne(list, control) {
    const asked = list.query.getAll(control.name);
    const value = shownText(control, asked.join(",")) ||
                  (control.name === "sort" ? list.resource.sorts[0] : "");
    const values = control.multiple ? split(asked) : [value];
    for (const one of values) // as somebody has typed it into the address
        if (control.tagName === "SELECT" && one && ![...control.options].some(({value: has}) => has === one))
            control.append(el("option", {value: one}, one));
    if (control.multiple)
        for (const option of control.options) option.selected = values.includes(option.value);
    else control.value = value;
}

// The first sort is the default and left out, so that an address means one thing.
function apply(list) {
    const query = new URLSearchParams(list.query);
    query.delete("page");
    query.delete("after");
    for (const control of list.controls.elements) {
        if (!control.name) continue;
        const values = sentValues(control), before = query.getAll(control.name);
        if (control.multiple ? same(split(before), values)
                             : shownText(control, before.join(",")) === control.value) continue;
        query.delete(control.name);
        if (control.name === "sort" && values[0] === list.resource.sorts[0]) continue;
        for (const one of values) query.append(control.name, one);
    }
    if (String(query) !== String(list.query)) navigate(list, query);
}

// --- What is there ---

async function load(list, arrived = false) {
    const asked = ++list.asked;
    list.told = null;
    list.body.setAttribute("aria-busy", "true");
    if (!list.body.firstChild) loading(list);
    const answer = await get(target(list));
    if (asked !== list.asked) return; // another was asked for meanwhile
    list.body.removeAttribute("aria-busy");
    if (arrived && answer.ok && answer.etag === list.etag) return;
    if (answer.ok) {
        list.etag = answer.etag;
        draw(list, answer);
        if (arrived) tell("The list has changed and is up to date");
        loadFacets(list);
        catchUp(list);
    } else if (arrived) {
        tell(`Something has changed, but: ${answer.data.message}`, {bad: true});
    } else {
        fail(list, answer);
    }
}

// Only when it takes long enough to be seen.
function loading(list) {
    setTimeout(() => {
        if (!list.body.firstChild) list.body.append(el("p", {class: "quiet"}, "Loading …"));
    }, 200);
}

function fail(list, answer) {
    const {message, errors = []} = answer.data;
    list.total.textContent = "";
    list.body.replaceChildren(el("div", {class: "empty", role: "alert"}, el("p", {}, message),
        errors.length ? el("ul", {}, errors.map(one => el("li", {}, `${one.field} ${one.message}`)))
                      : null,
        answer.status === 400
            ? el("button", {type: "button", onclick: () => navigate(list, new URLSearchParams())},
                 "Clear filters")
            : el("button", {type: "button", onclick: () => load(list)}, "Reload")));
}

function columns(list) {
    const only = list.query.getAll("fields").flatMap(one => one.split(","));
    const title = titleField(list.resource);
    const fields = list.resource.fields.filter(field => field.name !== title && field.name !== "_id" &&
        !LEFT_OUT.includes(field.kind));
    return (only.length ? fields.filter(field => only.includes(field.name)) : fields).slice(0, COLUMNS);
}

function row(list, fields, item) {
    const href = `/r/${list.resource.name}/${encodeURIComponent(textOf(item._id))}`;
    return el("tr", {}, el("th", {scope: "row"}, el("a", {href}, titleOf(list.resource, item))),
        fields.map(field => el("td", {class: field.kind, "data-label": field.name},
                               brief(field, item[field.name]))));
}

// What has the focus keeps it, if it is still there.
function draw(list, answer) {
    const {data, total} = answer.data;
    const at = list.body.contains(document.activeElement) && document.activeElement.href;
    const fields = columns(list), {resource} = list;
    list.total.textContent = `${total} ${total === 1 ? resource.singular : resource.name}`;
    list.body.replaceChildren(data.length
        ? el("table", {class: "list"},
             el("thead", {}, el("tr", {}, [titleField(resource), ...fields.map(one => one.name)].map(
                 name => el("th", {scope: "col"}, name)))),
             el("tbody", {}, data.map(item => row(list, fields, item))))
        : nothing(list), pages(list, answer));
    const again = at && [...list.body.querySelectorAll("a[href]")].find(one => one.href === at);
    if (again) again.focus({preventScroll: true});
}

function nothing(list) {
    const {resource} = list;
    if (list.query.size)
        return el("div", {class: "empty"}, el("p", {}, "Nothing matches."),
            el("button", {type: "button", onclick: () => navigate(list, new URLSearchParams())},
               "Clear filters"));
    return el("div", {class: "empty"}, el("p", {}, `There are no ${resource.name} yet.`),
        resource.may("create")
            ? el("p", {}, `“New” makes the first ${resource.singular}.`) : null);
}

// By the answer's Link field, which goes on by "after" where pages end.
function neighbours(answer) {
    const found = {};
    for (const [, address, name] of (answer.headers.get("Link") || "").matchAll(/<([^>]*)>; rel="(\w+)"/g))
        found[name] = new URL(address, location.origin).search;
    return found;
}

function step(list, search, name, rel) {
    if (search === undefined)
        return el("a", {class: "button", role: "link", "aria-disabled": "true"}, name);
    return el("a", {class: "button", rel, href: location.pathname + search, onclick: event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        navigate(list, new URLSearchParams(search));
        scrollTo(0, 0);
        document.getElementById("main").focus({preventScroll: true});
    }}, name);
}

function pages(list, answer) {
    const {page, pages: count} = answer.data, {prev, next} = neighbours(answer);
    if (prev === undefined && next === undefined) return el("div", {class: "pages"});
    return el("div", {class: "pages"}, step(list, prev, "Previous", "prev"),
        page ? el("span", {class: "quiet"}, `Page ${page} of ${count}`) : null,
        step(list, next, "Next", "next"));
}

// --- Facets: what there is to choose, and how often ---

async function loadFacets(list) {
    if (!list.facets.size) return;
    const asked = list.asked;
    const names = [...list.facets.keys()];
    for (let at = 0; at < names.length; at += 5) {
        const query = new URLSearchParams(list.query);
        for (const name of ["sort", "page", "after", "fields", "limit", "ids"]) query.delete(name);
        query.set("by", names.slice(at, at + 5).join(","));
        query.set("limit", "8");
        const answer = await get(`${list.resource.path}/facets?${query}`);
        if (asked !== list.asked || !answer.ok) return;
        for (const [name, values] of Object.entries(answer.data.facets)) drawFacet(list, name, values);
    }
}

function drawFacet(list, name, values) {
    const chosen = list.query.get(name), shown = values.filter(one => one.value !== null);
    list.facets.get(name).replaceChildren(...shown.length ? [facetNode(list, name, chosen, shown)] : []);
}

function facetNode(list, name, chosen, values) {
    return el("ul", {"aria-label": `Values of ${name}`},
        values.map(one => {
            const text = textOf(one.value);
            return el("li", {}, el("button", {type: "button", "aria-pressed": String(chosen === text),
                onclick: () => {
                    const control = list.controls.elements[name];
                    control.value = chosen === text ? "" : shownText(control, text);
                    apply(list);
                }}, el("span", {}, text === "" ? "(empty)" : text), " ",
                el("span", {class: "count"}, String(one.count))));
        }));
}
