// SPDX-License-Identifier: BSD-2-Clause
// Forms made of a resource's fields. A control is {field, path, node, read(), was, inner}: read()
// gives the value, or undefined for none; was is what read() gave when it was made.
import {number, parse, same, stringify} from "./api.js";
import {el} from "./dom.js";
import {localText, utcText} from "./time.js";
import {textOf, ZONE} from "./value.js";

class Invalid { constructor(text) { this.text = text; } }

const control = (field, path, node, read, more = {}) =>
    ({field, path, node, read, was: undefined, inner: null, ...more});

// --- One field ---

function labelled(field, path, input) {
    const id = `field-${path}`;
    const help = [field.required && "Required", ...field.help,
                  field.kind === "time" && `Time in ${ZONE}`,
                  field.kind === "lines" && "One value a line",
                  field.kind === "json" && "JSON"].filter(Boolean);
    input.id = id;
    input.name = path;
    input.setAttribute("aria-describedby", help.length ? `${id}-help ${id}-error` : `${id}-error`);
    if (field.required && field.kind !== "check") input.setAttribute("aria-required", "true");
    const label = el("label", {for: id}, path);
    return el("div", {class: `field ${field.kind}`},
              field.kind === "check" ? [el("div", {class: "tick"}, input, label)] : [label, input],
              help.length ? el("p", {class: "help", id: `${id}-help`}, sentence(help)) : null,
              el("p", {class: "error", id: `${id}-error`}));
}

const sentence = ([first, ...rest]) => [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(" · ");

const text = (value, more = {}) => el("input", {type: "text", autocomplete: "off", value: textOf(value), ...more});

function area(value, rows) {
    return el("textarea", {rows: Math.min(16, Math.max(rows, String(value).split("\n").length + 1)),
                           value});
}

function make_text(field, path, value) {
    const modes = {uri: "url", email: "email"};
    const decimal = /^\^-\?\[0-9\]/.test(field.schema.pattern || "");
    const input = field.kind === "long" ? area(textOf(value), 4)
        : text(value, {inputmode: decimal ? "decimal" : modes[field.schema.format]});
    return control(field, path, labelled(field, path, input), () => input.value === "" ? undefined
                                                                                      : input.value);
}

function make_number(field, path, value) {
    const input = text(value, {inputmode: field.schema.type === "integer" &&
                                          field.schema.minimum >= 0 ? "numeric" : "decimal"});
    return control(field, path, labelled(field, path, input), () => {
        const typed = input.value.trim();
        return typed === "" ? undefined : number(typed);
    });
}

function make_date(field, path, value) {
    const input = el("input", {type: "date", value: textOf(value)});
    return control(field, path, labelled(field, path, input), () => input.value || undefined);
}

function make_time(field, path, value) {
    const shown = value ? localText(value) : "";
    const input = el("input", {type: "datetime-local", step: shown.includes(".") ? "0.001" : "1",
                               value: shown});
    const read = () => input.value === "" ? undefined
        : input.value === shown ? value : utcText(input.value);
    const title = () => { input.title = read() ? `${read()} (UTC)` : "UTC"; };
    input.addEventListener("input", title);
    title();
    return control(field, path, labelled(field, path, input), read);
}

function make_choice(field, path, value) {
    const values = [...field.schema.enum];
    if (value !== undefined && value !== null && !values.some(one => same(one, value)))
        values.push(value);
    const input = el("select", {}, el("option", {value: ""}, field.required ? "choose" : "none"),
                     values.map(one => el("option", {value: textOf(one)}, textOf(one))));
    input.value = textOf(value);
    return control(field, path, labelled(field, path, input), () =>
        input.selectedIndex < 1 ? undefined : values[input.selectedIndex - 1]);
}

// What was never there and never touched stays away.
function make_check(field, path, value) {
    const input = el("input", {type: "checkbox"});
    let touched = typeof value === "boolean";
    input.checked = value === true;
    input.addEventListener("change", () => { touched = true; });
    return control(field, path, labelled(field, path, input),
                   () => touched || field.required ? input.checked : undefined);
}

function lineOf(items, line) {
    if (items.type === "integer" || items.type === "number") return number(line.trim());
    if (items.type === "boolean") return line.trim() === "true" || (line.trim() !== "false" && line);
    return line;
}

function make_lines(field, path, value) {
    const list = Array.isArray(value) ? value : [];
    if (value !== undefined && value !== null && !Array.isArray(value) ||
        list.some(one => /[\r\n]/.test(textOf(one))))
        return make_json({...field, kind: "json"}, path, value);
    const input = area(list.map(textOf).join("\n"), 3);
    const keep = (field.required || Array.isArray(value)) && !field.schema.minItems;
    return control(field, path, labelled(field, path, input), () => {
        const lines = input.value.split("\n").filter(line => line.trim() !== "");
        const read = lines.map(line => lineOf(field.schema.items, line));
        return read.length || keep ? read : undefined;
    });
}

function make_json(field, path, value) {
    const input = area(value === undefined || value === null ? "" : stringify(value, 2), 3);
    input.spellcheck = false;
    return control(field, path, labelled(field, path, input), () => {
        if (input.value.trim() === "") return undefined;
        try { return parse(input.value); } catch { return new Invalid(input.value); }
    });
}

// --- Fields within fields ---

function groupOf(path, help, ...nodes) {
    const id = `field-${path}`;
    return el("fieldset", {"data-path": path, "aria-describedby": `${id}-error`, tabindex: "-1"},
              el("legend", {}, path), help.length ? el("p", {class: "help"}, sentence(help)) : null,
              nodes, el("p", {class: "error", id: `${id}-error`}));
}

function readAll(controls) {
    const object = {};
    for (const one of controls) {
        const value = one.read();
        if (value !== undefined) object[one.field.name] = value;
    }
    return object;
}

function make_object(field, path, value) {
    const inner = build(field.inner, value, `${path}.`);
    const help = [field.required && "Required", ...field.help].filter(Boolean);
    return control(field, path, groupOf(path, help, inner.map(one => one.node)), () => {
        const object = readAll(inner);
        return Object.keys(object).length || field.required ? object : undefined;
    }, {inner});
}

function make_groups(field, path, value) {
    const place = el("div", {class: "groups"});
    const keep = (field.required || Array.isArray(value)) && !field.schema.minItems;
    let items = [];
    const read = () => items.map(readAll);
    const draw = list => {
        items = list.map((one, i) => build(field.inner, one, `${path}[${i}].`));
        place.replaceChildren(...items.map((controls, i) => groupOf(`${path}[${i}]`, [],
            controls.map(one => one.node),
            el("button", {type: "button", class: "small", onclick: () => {
                draw(read().filter((_, at) => at !== i));
                add.focus();
                place.dispatchEvent(new Event("input", {bubbles: true}));
            }}, `Remove ${path}[${i}]`))));
    };
    const add = el("button", {type: "button", class: "small", onclick: () => {
        draw([...read(), {}]);
        const first = place.lastElementChild.querySelector("input, textarea, select");
        if (first) first.focus();
    }}, `Add ${path}`);
    draw(Array.isArray(value) ? value : []);
    return control(field, path, groupOf(path, [field.required && "Required", ...field.help].filter(Boolean),
                                        place, add),
                   () => items.length || keep ? read() : undefined);
}

const MAKERS = {text: make_text, long: make_text, number: make_number, date: make_date,
                time: make_time, choice: make_choice, check: make_check, lines: make_lines,
                json: make_json, object: make_object, groups: make_groups};

// Controls of those fields that may be sent, with what the document (or nothing) has.
export function build(fields, item, before = "") {
    return fields.filter(field => field.sent).map(field => {
        const value = item && typeof item === "object" ? item[field.name] : undefined;
        const fits = !["object", "groups"].includes(field.kind) || value === undefined ||
                     value === null || typeof value === "object";
        const made = MAKERS[fits ? field.kind : "json"](field, before + field.name, value);
        made.was = made.read();
        return made;
    });
}

// --- What is to be sent ---

export const whole = readAll;
export const isDirty = controls => controls.some(one => !same(one.read(), one.was));

// As a merge patch (RFC 7396): what was emptied is null, but for text that must be there.
export function changes(controls) {
    const patch = {};
    for (const {field, read, was, inner} of controls) {
        const now = read();
        if (same(now, was)) continue;
        if (inner && was !== undefined && now !== undefined) patch[field.name] = changes(inner);
        else if (now !== undefined) patch[field.name] = now;
        else patch[field.name] = field.required && field.schema.type === "string" &&
                                 ["text", "long"].includes(field.kind) ? "" : null;
    }
    return patch;
}

const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value) &&
                          Object.getPrototypeOf(value) === Object.prototype;

export function merge(item, patch) {
    const merged = isObject(item) ? {...item} : {};
    for (const [name, value] of Object.entries(patch)) {
        if (value === null) delete merged[name];
        else merged[name] = isObject(value) ? merge(merged[name], value) : value;
    }
    return merged;
}

// Takes others' values for what changes are counted from.
export function rebase(controls, base) {
    controls.forEach((one, i) => {
        one.was = base[i].was;
        if (one.inner && base[i].inner) rebase(one.inner, base[i].inner);
    });
}

// What the API would not tell as well.
export function localErrors(controls) {
    return controls.flatMap(one => one.inner ? localErrors(one.inner) : errorOf(one));
}

function errorOf({path, field, read}) {
    const value = read();
    if (value instanceof Invalid) return [{field: path, message: "must be JSON"}];
    return field.kind === "number" && /^-?\d+,\d+$/.test(value)
        ? [{field: path, message: `must have a point: ${value.replace(",", ".")}`}] : [];
}

// --- Errors ---

export function clear(form) {
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const place of form.querySelectorAll(".error")) place.replaceChildren();
}

// The control that a path is about, or what it lies within.
function placeOf(form, path) {
    for (let at = path; at; at = at.replace(/(^|\.)[^.[\]]+$|\[\d+\]$/, "")) {
        const input = form.elements[at];
        if (input && input.id) return input;
        const group = form.querySelector(`[data-path="${CSS.escape(at)}"]`);
        if (group) return group;
    }
    return null;
}

// Puts each error beside its field; those without one are given back. The first has the focus.
export function mark(form, errors) {
    const places = [], homeless = [];
    for (const {field, message} of errors) {
        const place = placeOf(form, field);
        if (!place) { homeless.push(`${field} ${message}`); continue; }
        const id = place.id || `field-${place.dataset.path}`;
        const exact = (place.name || place.dataset.path) === field;
        const error = document.getElementById(`${id}-error`);
        const words = message.charAt(0).toUpperCase() + message.slice(1);
        error.append(el("span", {}, exact ? words : `${field} ${message}`));
        if (place.tagName !== "FIELDSET") place.setAttribute("aria-invalid", "true");
        places.push(place);
    }
    places.sort((a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    if (places.length) places[0].focus();
    return homeless;
}
