'use strict';

/**
 * The threads that run the function, and the calls that wait for one.
 *
 * One thread serves all calls as long as it answers, so a module's variables are shared as they are in any Node.js
 * program. When it does not answer (the function computes, or is stuck) further calls go to another thread, and those
 * that it had not begun are taken back. A thread that stays silent for longer than a call may last is ended: its calls
 * in progress fail, nothing else does.
 */

const console = require('./console');
const { Metrics } = require('./metrics');
const { Thread } = require('./thread');

const TICK = 25;
const SLACK = 4 * TICK;
const SPARE_LIFE = 30 * 1000;

class Pool {
    /** `fatal` is called with the reason when the function cannot be loaded at all. */
    constructor(settings, fatal) {
        this.settings = settings;
        this.fatal = fatal;
        this.metrics = new Metrics();
        this.threads = [];
        this.waiting = new Set();
        this.open = new Set();
        this.nextId = 0;
        this.idle = () => {};
        setInterval(() => this.shrink(), 10 * 1000).unref();
    }

    start(ready) {
        this.whenReady = ready;
        this.spawn();
    }

    onIdle(callback) {
        this.idle = callback;
        if (this.open.size === 0) callback();
    }

    submit(exchange, body) {
        this.nextId += 1;
        const call = { id: this.nextId, exchange, body, thread: null, sequence: 0, timer: null };
        this.open.add(call);
        call.timer = setTimeout(() => this.expire(call), this.settings.timeout * 1000);
        exchange.response.on('close', () => {
            if (!exchange.response.writableFinished) this.abandon(call);
        });
        this.place(call);
    }

    /** The client has left: a call that waits is not made, one in progress is told. */
    abandon(call) {
        if (this.waiting.delete(call)) {
            call.exchange.over = true;
            this.done(call);
        } else if (call.thread) {
            call.thread.gone(call);
        }
    }

    place(call) {
        if (!this.ticking) {
            this.ticking = setInterval(() => this.tick(Date.now()), TICK);
        }
        const thread = this.threads.find((one) => one.available);
        if (thread) return thread.post(call);
        call.thread = null;
        this.waiting.add(call);
        return this.grow();
    }

    grow() {
        const starting = this.threads.some((thread) => !thread.ready && !thread.ended);
        if (!starting && this.threads.length < this.settings.threads) this.spawn();
    }

    spawn() {
        const thread = new Thread(this.settings, this);
        this.threads.push(thread);
        const { module, loadTimeout } = this.settings;
        thread.loading = setTimeout(() => {
            this.unusable(thread, `Unable to load ${module}.js: it did not return from its import within ${loadTimeout} s`);
        }, loadTimeout * 1000);
    }

    /** Drop threads that were needed for a while only. */
    shrink() {
        const now = Date.now();
        this.threads.slice(1)
            .filter((thread) => thread.available && thread.calls.size === 0 && now - thread.idleSince > SPARE_LIFE)
            .forEach((thread) => thread.end());
    }

    tick(now) {
        if (this.open.size === 0 && this.threads.every((thread) => thread.calls.size === 0)) {
            clearInterval(this.ticking);
            this.ticking = null;
            return;
        }
        for (const thread of [...this.threads]) {
            if (thread.ready && (thread.calls.size > 0 || thread.pingedAt)) this.look(thread, now);
        }
    }

    look(thread, now) {
        thread.look(now);
        const silence = thread.silence(now);
        if (silence >= this.settings.timeout * 1000 + SLACK) {
            thread.end();
        } else if (silence >= TICK) {
            thread.busy = true;
            thread.takeBack().forEach((call) => this.place(call));
        }
    }

    expire(call) {
        this.waiting.delete(call);
        call.exchange.fail(408, 'Timeout while processing the function\n');
        const { thread } = call;
        this.done(call);
        if (!thread) return;
        console.error(`${this.settings.module}.${this.settings.handler} did not answer within ${this.settings.timeout} s`);
        if (thread.silence(Date.now()) >= this.settings.timeout * 1000 - SLACK) {
            thread.end(); // stuck: it would never get to a message that asks it to stop
        } else {
            thread.gone(call);
        }
    }

    done(call) {
        clearTimeout(call.timer);
        call.body = null;
        this.open.delete(call);
        if (this.open.size === 0) this.idle();
    }

    ready(thread) {
        clearTimeout(thread.loading);
        if (this.whenReady) {
            this.whenReady();
            this.whenReady = null;
        }
        this.available();
    }

    available() {
        const calls = [...this.waiting];
        this.waiting.clear();
        calls.forEach((call) => this.place(call));
    }

    unusable(thread, reason) {
        if (this.threads.some((one) => one.ready)) {
            console.error(reason);
            thread.end();
        } else {
            this.fatal(reason);
        }
    }

    lost(thread, code) {
        clearTimeout(thread.loading);
        const wasReady = thread.ready;
        this.threads = this.threads.filter((one) => one !== thread);
        if (!thread.ended) this.explain(thread, code, wasReady);
        const { begun, waiting } = thread.leftovers();
        const status = thread.ended ? 503 : 500;
        const text = thread.ended ? 'another call made the function unavailable\n' : 'Internal Server Error\n';
        begun.forEach((call) => {
            if (this.open.has(call)) call.exchange.fail(status, text);
            this.done(call);
        });
        waiting.filter((call) => this.open.has(call)).forEach((call) => this.place(call));
        if (this.threads.length === 0 || this.waiting.size > 0) this.grow();
    }

    explain(thread, code, wasReady) {
        this.metrics.replacedThreads += 1;
        const { error } = thread;
        const reason = error ? (error && error.stack) || String(error) : `the function ended its process with code ${code}`;
        if (!wasReady && !this.threads.some((one) => one.ready)) {
            const summary = (error && error.message) || reason;
            this.fatal(`${reason}\nUnable to load ${this.settings.module}.js: ${summary.split('\n', 1)[0]}`);
        }
        console.error(`Function failed to execute: ${reason}`);
    }
}

module.exports = { Pool };
