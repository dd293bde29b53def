// SPDX-License-Identifier: BSD-2-Clause
// One stream for all that a page shows: GET /api/live?watch=…
import {tell} from "./dom.js";

const FIRST_MS = 1000, LONGEST_MS = 60000;
const REASONS = {redis: "Redis is away", memory: "other hosts are not heard of",
                 mongo: "the database is away"};

// watch(resource, paths, changed): changed(path, etag) is called with each ETag that is told, gone(path) when
// what is watched was deleted. paths() is asked each time, since a page may come to show another.
export function watch(resource, paths, changed, gone = () => {}) {
    if (!resource.lives) return {again() {}}; // it would be a 406, which browsers put on the console
    const state = {paths, changed, gone, abort: null, timer: 0, wait: FIRST_MS, least: 0, over: false,
                   uncertain: false};
    const again = () => { state.wait = FIRST_MS; close(state); open(state); };
    document.addEventListener("visibilitychange", () => {
        if (document.hidden) close(state); else again();
    });
    addEventListener("pagehide", () => close(state));
    addEventListener("pageshow", event => { if (event.persisted) again(); });
    open(state);
    return {again};
}

function close(state) {
    clearTimeout(state.timer);
    if (state.abort) state.abort.abort();
    state.abort = null;
}

async function open(state) {
    if (document.hidden || state.over) return;
    const abort = state.abort = new AbortController();
    try {
        const query = state.paths().map(path => `watch=${encodeURIComponent(path)}`).join("&");
        const response = await fetch(`/api/live?${query}`, {
            headers: {Accept: "text/event-stream"}, cache: "no-store", signal: abort.signal});
        if (response.status >= 400 && response.status < 500 && response.status !== 429)
            state.over = true; // it would be the same the next time
        else if (response.ok) await read(state, response.body.getReader());
    } catch { /* the connection was lost, or closed by us */ }
    if (state.abort === abort) later(state);
}

function later(state) {
    state.abort = null;
    state.timer = setTimeout(() => open(state),
                             Math.max(state.least, state.wait * (0.75 + Math.random() / 2)));
    state.wait = Math.min(state.wait * 2, LONGEST_MS);
}

async function read(state, reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        text += decoder.decode(value, {stream: true});
        const events = text.split(/\r?\n\r?\n/);
        text = events.pop();
        for (const event of events) take(state, event);
    }
}

function take(state, text) {
    let name = "message", data = "";
    for (const line of text.split(/\r?\n/)) {
        if (line.startsWith("event:")) name = line.slice(6).trim();
        if (line.startsWith("data:")) data += line.slice(5).trim();
        if (line.startsWith("retry:")) state.least = Number(line.slice(6)) || 0;
    }
    const told = data ? JSON.parse(data) : {};
    if (name === "change") {
        state.wait = FIRST_MS;
        if (state.uncertain) tell("Up to date again");
        state.uncertain = false;
        state.changed(told.path, told.etag);
    } else if (name === "gone") {
        state.gone(told.path);
    } else if (name === "uncertain") {
        state.uncertain = true;
        tell(`What is shown may be old: ${REASONS[told.reason] || told.reason}`, {stay: true});
    } else if (name === "signed-out") {
        tell("You have been signed out");
    }
}
