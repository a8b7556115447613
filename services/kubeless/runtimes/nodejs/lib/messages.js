'use strict';

/**
 * What the main thread and a function's thread say to each other.
 *
 * Messages travel in batches, each an array that begins with its kind: one message costs some 20 microseconds, a batch
 * hardly more. Bodies that are small travel as Latin-1 text, which keeps every byte and is cheap to copy.
 */

const LARGE = 64 * 1024;

/** To a function's thread. */
const Order = {
    CALL: 0, // [CALL, sequence, id, method, url, headers, body, remote address]
    PING: 1, // [PING]
    ARM: 2, // [ARM, sequence]: what came before and was not begun is somebody else's; go on after `sequence`
    WRITTEN: 3, // [WRITTEN, id]: the piece of a stream is on its way, send the next
    GONE: 4, // [GONE, id]: the client does not wait any more
};

/** To the main thread. */
const News = {
    READY: 0, // [READY]
    UNUSABLE: 1, // [UNUSABLE, text]: the function cannot be loaded
    ANSWER: 2, // [ANSWER, id, status, headers, body]
    FAILURE: 3, // [FAILURE, id, status]: the reason is in the log
    HEAD: 4, // [HEAD, id, status, headers]
    PIECE: 5, // [PIECE, id, body]
    END: 6, // [END, id]
    PONG: 7, // [PONG]
    ARMED: 8, // [ARMED]
};

/** A buffer as it travels; `transfer` collects what is moved rather than copied. */
function pack(buffer, transfer) {
    if (buffer.length === 0) return '';
    if (buffer.length < LARGE) return buffer.toString('latin1');
    const own = new Uint8Array(buffer); // a buffer may be a view of memory that others use
    transfer.push(own.buffer);
    return own;
}

function unpack(body) {
    return typeof body === 'string' ? Buffer.from(body, 'latin1') : Buffer.from(body.buffer);
}

/** Gathers messages until the event loop has handled what is there now. */
class Outbox {
    constructor(port) {
        this.port = port;
        this.messages = [];
        this.transfer = [];
        this.send = () => {
            const { messages, transfer } = this;
            this.messages = [];
            this.transfer = [];
            this.port.postMessage(messages, transfer);
        };
    }

    push(message) {
        if (this.messages.push(message) === 1) setImmediate(this.send);
    }
}

module.exports = { News, Order, Outbox, pack, unpack };
