// SPDX-License-Identifier: BSD-2-Clause
// Requests, and JSON in which no digit is lost.

// A number that a double could not hold, by its digits.
export class Digits {
    constructor(text) { this.text = text; }
    toString() { return this.text; }
}

const TOKEN = /("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)/g;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const MARK = "\u0000"; // is in no document: the API refuses it

export function parse(text) {
    const marked = text.replace(TOKEN, (all, string, number) =>
        string || number.length < 16 ? all : `{"\\u0000":"${number}"}`);
    return JSON.parse(marked, (name, value) =>
        value && typeof value === "object" && MARK in value ? new Digits(value[MARK]) : value);
}

export function stringify(value, indent) {
    const text = JSON.stringify(value, (name, one) =>
        one instanceof Digits ? MARK + one.text : one, indent);
    return text && text.replace(/"\\u0000([-+.\deE]+)"/g, "$1");
}

// What was typed as a number, digit by digit; text that is none stays text, which the API refuses.
export function number(text) {
    return NUMBER.test(text) ? new Digits(text) : text;
}

export const same = (a, b) => stringify(a) === stringify(b);

function headersOf({body, type, headers}) {
    const all = {Accept: "application/json", ...headers};
    if (body !== undefined) all["Content-Type"] = type || "application/json";
    return all;
}

// Never throws: {status: 0, …} when no answer came.
export async function request(method, path, options = {}) {
    try {
        const response = await fetch(path, {
            method, headers: headersOf(options), keepalive: options.keepalive,
            body: options.body === undefined ? undefined : stringify(options.body)});
        const text = await response.text();
        const json = /json/.test(response.headers.get("Content-Type") || "");
        return {status: response.status, ok: response.ok, headers: response.headers, text,
                etag: response.headers.get("ETag"),
                data: json ? parse(text) : {message: `The server answered ${response.status}`}};
    } catch {
        return {status: 0, ok: false, headers: new Headers(), text: "", etag: null,
                data: {message: "The server did not answer"}};
    }
}

export const get = path => request("GET", path);

// Not crypto.randomUUID, which is there over HTTPS only.
export function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)),
                      byte => byte.toString(16).padStart(2, "0")).join("");
}
