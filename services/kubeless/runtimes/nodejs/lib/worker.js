'use strict';

/** The thread that runs the function: loads it, takes calls as they come, and sends what they return. */

const { parentPort, workerData } = require('worker_threads');
const console = require('./console');
const { finish } = require('./answer');
const { makeEvent } = require('./event');
const { loadFunction } = require('./loader');
const { News, Order, Outbox, unpack } = require('./messages');
const { Reply } = require('./reply');

const { settings, gate } = workerData;
const outbox = new Outbox(parentPort);
const replies = new Map();
let handler;

const context = {
    'function-name': settings.handler,
    timeout: settings.timeout,
    runtime: settings.runtime,
    'memory-limit': settings.memoryLimit,
};

function call(sequence, id, method, url, headers, body, remoteAddress) {
    const number = BigInt(sequence);
    if (Atomics.compareExchange(gate, 0, number - BigInt(1), number) !== number - BigInt(1)) return;
    const reply = new Reply(id, outbox, replies);
    try {
        const event = makeEvent({ method, url, headers, body: unpack(body), remoteAddress }, reply, settings);
        const result = handler(event, { ...context });
        if (result && typeof result.then === 'function') {
            result.then((value) => finish(reply, value), (error) => reply.fail(error)).catch((error) => reply.fail(error));
        } else {
            finish(reply, result);
        }
    } catch (error) {
        reply.fail(error);
    }
}

function obey(order) {
    switch (order[0]) {
        case Order.CALL: return call(...order.slice(1));
        case Order.PING: return outbox.push([News.PONG]);
        case Order.ARM:
            Atomics.store(gate, 0, BigInt(order[1]));
            return outbox.push([News.ARMED]);
        case Order.WRITTEN: return replies.has(order[1]) && replies.get(order[1]).written();
        default: return replies.has(order[1]) && replies.get(order[1]).gone();
    }
}

console.install();
process.on('unhandledRejection', (error) => {
    console.error(`Unhandled rejection: ${(error && error.stack) || error}`);
});
loadFunction(settings).then((loaded) => {
    handler = loaded;
    parentPort.on('message', (orders) => orders.forEach(obey));
    outbox.push([News.READY]);
}, (error) => outbox.push([News.UNUSABLE, error.message]));
