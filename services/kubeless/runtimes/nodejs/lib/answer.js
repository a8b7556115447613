'use strict';

/**
 * What a function returned, as an answer: text and bytes as they are, undefined as nothing, everything else as JSON.
 *
 * A function that took the response into its own hands, and ended it or writes to it, has said all there is to say.
 */

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/** Throws what JSON.stringify throws, or TypeError, when the value cannot be sent. */
function finish(reply, value) {
    const response = reply.opened;
    if (response && (value === response || response.isTaken)) return;
    if (value && typeof value.pipe === 'function' && typeof value.read === 'function') {
        value.once('error', (error) => reply.fail(error));
        value.pipe(reply.response);
        return;
    }
    const { body, headers } = encode(value);
    if (!response) {
        reply.send(200, headers, body);
    } else {
        if (headers && !response.hasHeader('Content-Type')) response.set(headers);
        response.end(body);
    }
}

function encode(value) {
    if (typeof value === 'string') return { body: value, headers: null };
    if (value === undefined) return { body: '', headers: null };
    if (value instanceof Uint8Array) return { body: value, headers: null };
    const body = JSON.stringify(value);
    if (body === undefined) throw new TypeError(`the function returned a ${typeof value}, which cannot be sent`);
    return { body, headers: JSON_TYPE };
}

module.exports = { encode, finish };
