'use strict';

/**
 * What a call answers, on its way to the main thread: one answer, or a stream of pieces of which one at a time is under
 * way. After the end everything is ignored.
 */

const console = require('./console');
const { News, pack } = require('./messages');
const { Response } = require('./response');

class Reply {
    constructor(id, outbox, replies) {
        this.id = id;
        this.outbox = outbox;
        this.replies = replies;
        this.over = false;
        this.opened = null;
        this.done = null;
    }

    /** The response object, made when the function first asks for it. */
    get response() {
        if (!this.opened) {
            this.opened = new Response(this);
            this.replies.set(this.id, this);
        }
        return this.opened;
    }

    send(status, headers, body) {
        if (!this.close()) return;
        const packed = typeof body === 'string' ? body : new Uint8Array(body);
        if (typeof packed !== 'string') this.outbox.transfer.push(packed.buffer);
        this.outbox.push([News.ANSWER, this.id, status, headers, packed]);
    }

    head(status, headers) {
        if (!this.over) this.outbox.push([News.HEAD, this.id, status, headers]);
    }

    piece(buffer, done) {
        if (this.over) return done();
        this.done = done;
        this.outbox.push([News.PIECE, this.id, pack(buffer, this.outbox.transfer)]);
        return undefined;
    }

    end() {
        if (this.close()) this.outbox.push([News.END, this.id]);
    }

    fail(error) {
        console.error(`Function failed to execute: ${(error && error.stack) || error}`);
        if (this.close()) this.outbox.push([News.FAILURE, this.id]);
    }

    written() {
        const { done } = this;
        this.done = null;
        if (done) done();
    }

    /** Nobody waits for the answer; a stream is told to stop. */
    gone() {
        if (!this.close()) return;
        this.outbox.push([News.FAILURE, this.id]);
        if (this.opened) this.opened.destroy();
    }

    close() {
        if (this.over) return false;
        this.over = true;
        if (this.opened) this.replies.delete(this.id);
        return true;
    }
}

module.exports = { Reply };
