'use strict';

/**
 * One line on stdout per request, in the shape the original server had (combined log format).
 *
 * What a client sent is escaped, so that it can neither end the line nor forge another field. Lines of one turn of the
 * event loop are written together.
 */

const console = require('./console');

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MAX_FIELD = 2048;

let second = 0;
let stamp = '';
let lines = '';

function record(request, target, status, size) {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
        second = now;
        stamp = formatTime(new Date(now * 1000));
    }
    const { referer, 'user-agent': agent } = request.headers;
    const client = request.socket.remoteAddress || '-';
    const line = `${request.method} ${clean(target)} HTTP/${request.httpVersion}`;
    if (!lines) setImmediate(flush);
    lines += `${client} - - [${stamp}] "${line}" ${status} ${size} "${clean(referer)}" "${clean(agent)}"\n`;
}

function flush() {
    console.write(1, lines);
    lines = '';
}

function formatTime(moment) {
    const [day, hour, minute, sec] = [moment.getUTCDate(), moment.getUTCHours(), moment.getUTCMinutes(), moment.getUTCSeconds()]
        .map((value) => String(value).padStart(2, '0'));
    return `${day}/${MONTHS[moment.getUTCMonth()]}/${moment.getUTCFullYear()}:${hour}:${minute}:${sec} +0000`;
}

function clean(text) {
    if (!text) return '-';
    return text.slice(0, MAX_FIELD).replace(/[^\x20-\x7e]|["\\]/g, (found) => {
        const code = Math.min(found.charCodeAt(0), 255).toString(16);
        return `\\x${code.padStart(2, '0')}`;
    });
}

module.exports = { flush: () => lines && flush(), record };
