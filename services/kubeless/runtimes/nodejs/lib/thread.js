'use strict';

/**
 * A thread that runs the function, seen from the main thread.
 *
 * Calls are numbered. Before the thread begins one, it moves the gate (a number in shared memory) from the call's
 * predecessor to the call; when the main thread has closed the gate in between, the call is not begun. So calls that
 * wait behind a stuck one can be taken back with certainty and given to another thread, and none runs twice.
 */

const { Worker } = require('worker_threads');
const { Order, News, Outbox, pack, unpack } = require('./messages');

const CLOSED = BigInt(-1);

class Thread {
    /** `pool` hears `ready`, `unusable`, `available` and `lost`. */
    constructor(settings, pool) {
        this.pool = pool;
        this.gate = new BigInt64Array(new SharedArrayBuffer(8));
        this.sequence = 0;
        this.calls = new Map();
        this.ready = false;
        this.closed = false;
        this.busy = false;
        this.pingedAt = 0;
        this.progress = BigInt(0);
        this.progressAt = 0;
        this.idleSince = Date.now();
        this.worker = new Worker(require.resolve('./worker'), { workerData: { settings, gate: this.gate } });
        this.outbox = new Outbox(this.worker);
        this.worker.on('message', (batch) => batch.forEach((news) => this.hear(news)));
        this.worker.on('error', (error) => { this.error = error; });
        this.worker.on('exit', (code) => this.pool.lost(this, code));
    }

    get available() {
        return this.ready && !this.closed && !this.busy;
    }

    post(call) {
        this.sequence += 1;
        call.sequence = this.sequence;
        call.thread = this;
        this.calls.set(call.id, call);
        const { method, url, headers, socket } = call.exchange.request;
        const body = pack(call.body, this.outbox.transfer);
        this.outbox.push([Order.CALL, call.sequence, call.id, method, url, headers, body, socket.remoteAddress || '']);
    }

    /** Ask for a sign of life; `now` in milliseconds. */
    look(now) {
        const progress = Atomics.load(this.gate, 0);
        if (progress !== this.progress) {
            this.progress = progress;
            this.progressAt = now;
        }
        if (!this.pingedAt) {
            this.pingedAt = now;
            this.outbox.push([Order.PING]);
        }
    }

    /** For how long nothing came from the thread although it was asked, in milliseconds. */
    silence(now) {
        return this.pingedAt ? now - Math.max(this.pingedAt, this.progressAt) : 0;
    }

    /** Take back the calls that were not begun. */
    takeBack() {
        const begun = Number(Atomics.load(this.gate, 0));
        if (this.closed || begun === this.sequence) return [];
        const last = Number(Atomics.exchange(this.gate, 0, CLOSED));
        this.closed = true;
        this.outbox.push([Order.ARM, this.sequence]);
        const back = [...this.calls.values()].filter((call) => call.sequence > last);
        back.forEach((call) => this.calls.delete(call.id));
        return back;
    }

    /** The calls that a thread which has ended leaves behind. */
    leftovers() {
        const last = this.closed ? this.sequence : Number(Atomics.load(this.gate, 0));
        const left = [...this.calls.values()];
        this.calls.clear();
        return { begun: left.filter((call) => call.sequence <= last), waiting: left.filter((call) => call.sequence > last) };
    }

    /** Tell that nobody waits for the call's answer. */
    gone(call) {
        this.outbox.push([Order.GONE, call.id]);
    }

    end() {
        this.ready = false;
        this.ended = true;
        this.worker.terminate();
    }

    hear(news) {
        this.progressAt = Date.now();
        switch (news[0]) {
            case News.READY: this.ready = true; return this.pool.ready(this);
            case News.UNUSABLE: return this.pool.unusable(this, news[1]);
            case News.PONG: this.pingedAt = 0; return this.recover();
            case News.ARMED: this.closed = false; return this.recover();
            default: return this.answer(news);
        }
    }

    recover() {
        this.busy = false;
        if (this.available) this.pool.available();
    }

    answer(news) {
        const call = this.calls.get(news[1]);
        if (!call) return;
        const { exchange } = call;
        switch (news[0]) {
            case News.HEAD: return void exchange.head(news[2], news[3]);
            case News.PIECE: {
                exchange.piece(unpack(news[2]), () => this.outbox.push([Order.WRITTEN, call.id]));
                return;
            }
            case News.END: exchange.end(); break;
            case News.ANSWER: exchange.answer(news[2], news[3], typeof news[4] === 'string' ? news[4] : unpack(news[4])); break;
            default: exchange.fail(500, 'Internal Server Error\n');
        }
        this.calls.delete(call.id);
        if (this.calls.size === 0) this.idleSince = Date.now();
        this.pool.done(call);
    }
}

module.exports = { Thread };
