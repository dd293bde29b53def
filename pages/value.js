// SPDX-License-Identifier: BSD-2-Clause
// Values as they are read.
import {Digits, stringify} from "./api.js";
import {el} from "./dom.js";

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const day = {year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit"};
const formats = {
    brief: new Intl.DateTimeFormat(undefined, day),
    full: new Intl.DateTimeFormat(undefined, {...day, second: "2-digit", timeZoneName: "short"}),
};

// The text of a scalar, or JSON.
export function textOf(value) {
    if (value === undefined || value === null) return "";
    return typeof value === "object" && !(value instanceof Digits) ? stringify(value) : String(value);
}

const isTime = value => typeof value === "string" && !Number.isNaN(Date.parse(value));

function time(value, style) {
    return el("time", {datetime: value, title: `${value} (UTC), shown in ${ZONE}`},
              formats[style].format(new Date(value)));
}

// What stands in a row of a list: text only.
export function brief(field, value) {
    if (value === undefined || value === null || value === "") return el("span", {class: "none"}, "–");
    if (field.kind === "time" && isTime(value)) return time(value, "brief");
    if (Array.isArray(value) && field.kind === "lines") return value.map(textOf).join(", ");
    const text = textOf(value);
    return text.length > 140 ? `${text.slice(0, 139)}…` : text;
}

function link(field, text) {
    if (field.schema.format === "uri" && /^https?:\/\//i.test(text))
        return el("a", {href: text, rel: "noopener noreferrer"}, text);
    if (field.schema.format === "email" && text.includes("@"))
        return el("a", {href: `mailto:${text}`}, text);
    return text;
}

function groups(field, list) {
    if (!list.length) return el("span", {class: "none"}, "none");
    return el("div", {class: "wide"}, el("table", {},
        el("thead", {}, el("tr", {}, field.inner.map(one => el("th", {scope: "col"}, one.name)))),
        el("tbody", {}, list.map(item => el("tr", {}, field.inner.map(one =>
            el("td", {}, full(one, item && item[one.name]))))))));
}

// All of it.
export function full(field, value) {
    if (value === undefined || value === null || value === "") return el("span", {class: "none"}, "–");
    if (field.kind === "time" && isTime(value)) return time(value, "full");
    if (field.kind === "groups" && Array.isArray(value)) return groups(field, value);
    if (field.kind === "lines" && Array.isArray(value))
        return value.length ? el("ul", {class: "chips"}, value.map(one => el("li", {}, textOf(one))))
                            : el("span", {class: "none"}, "none");
    if (typeof value === "object" && !(value instanceof Digits))
        return el("pre", {}, stringify(value, 2));
    return link(field, textOf(value));
}

// Rows of a description list; the fields of an object by their paths.
export function rows(fields, item, before = "") {
    return fields.flatMap(field => {
        const value = item && item[field.name];
        if (field.kind === "object" && value && typeof value === "object")
            return rows(field.inner, value, `${before}${field.name}.`);
        return [el("dt", {}, before + field.name), el("dd", {}, full(field, value))];
    });
}
