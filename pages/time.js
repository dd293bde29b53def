// SPDX-License-Identifier: BSD-2-Clause
// Between UTC, as the API has it, and what <input type=datetime-local> holds: the browser's zone.

const two = (number, width = 2) => String(number).padStart(width, "0");

export function localText(utc) {
    const time = new Date(utc);
    if (Number.isNaN(time.getTime())) return "";
    const day = `${two(time.getFullYear(), 4)}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    const rest = time.getMilliseconds() ? `.${two(time.getMilliseconds(), 3)}` : "";
    const seconds = time.getSeconds() || rest ? `:${two(time.getSeconds())}${rest}` : "";
    return `${day}T${two(time.getHours())}:${two(time.getMinutes())}${seconds}`;
}

export function utcText(local) {
    const time = new Date(local);
    return Number.isNaN(time.getTime()) ? local : time.toISOString();
}
