// SPDX-License-Identifier: BSD-2-Clause
// Elements, and what every page tells.

// el("a", {href: "/", class: "x", onclick: f}, "text", node, [more]): null, false and undefined are
// left out; true is an attribute without a value.
export function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (name === "value") node.value = value;
        else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(9).filter(child => child !== null && child !== undefined &&
                                                    child !== false));
    return node;
}

export function show(title, ...nodes) {
    document.title = title === "Larder" ? title : `${title} · Larder`;
    const main = document.getElementById("main");
    main.removeAttribute("aria-busy");
    main.replaceChildren(...nodes.flat(9).filter(Boolean));
}

// Only when it takes long enough to be seen.
export function showLoading() {
    const main = document.getElementById("main");
    main.setAttribute("aria-busy", "true");
    setTimeout(() => {
        if (main.hasAttribute("aria-busy") && !main.firstChild)
            main.append(el("p", {class: "quiet"}, "Loading …"));
    }, 200);
}

export function heading(text, ...beside) {
    return el("div", {class: "heading"}, el("h1", {}, text), el("div", {class: "actions"}, beside));
}

let timer = 0;
// Tells what has happened, to eyes and to screen readers; action is a button beside the words.
export function tell(text, {action = null, stay = false, bad = false} = {}) {
    const region = document.getElementById("status");
    clearTimeout(timer);
    region.classList.toggle("bad", bad);
    region.replaceChildren(...(text ? [el("span", {}, text)] : []), ...(action ? [action] : []));
    if (text && !stay) timer = setTimeout(() => region.replaceChildren(), 8000);
}

// What is told on the page that is opened next.
export function tellNext(text) {
    try { sessionStorage.setItem("larder.tell", text); } catch { /* then it is not told */ }
}

export function tellFromBefore() {
    try {
        const text = sessionStorage.getItem("larder.tell");
        sessionStorage.removeItem("larder.tell");
        if (text) tell(text);
    } catch { /* nothing is kept */ }
}

export function signInLink() {
    const here = location.pathname + location.search;
    return el("a", {href: `/signin?next=${encodeURIComponent(here)}`}, "Sign in");
}

// A page that is about what is not there, or not for this visitor.
export function showProblem(title, text, ...actions) {
    show(title, el("section", {class: "empty"}, el("h1", {}, title), el("p", {}, text),
                   actions.length ? el("p", {class: "actions"}, actions) : null));
}

export function showFailure(answer) {
    showProblem("Something went wrong", answer.data.message,
                el("button", {type: "button", onclick: () => location.reload()}, "Reload"));
}
