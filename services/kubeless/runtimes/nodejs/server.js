'use strict';

/**
 * The function server: one main thread speaks HTTP, the function runs in worker threads.
 *
 * So nothing that a function does (an endless loop, process.exit(), a module that never returns from its import) stops
 * the server from answering. It listens once the function is loaded, and ends with code 1 if that cannot be done; the
 * last line of the log then says why.
 */

const console = require('./lib/console');
const { Front } = require('./lib/front');
const { Pool } = require('./lib/pool');
const { load } = require('./lib/settings');

function main() {
    let settings;
    try {
        settings = load(process.env);
    } catch (error) {
        console.error(error.message);
        process.exit(1);
    }
    const pool = new Pool(settings, (reason) => {
        console.error(reason);
        process.exit(1);
    });
    const front = new Front(settings, pool);
    pool.start(() => front.listen());
    for (const signal of ['SIGTERM', 'SIGINT']) {
        process.on(signal, () => stop(settings, front, pool));
    }
}

let stopping = false;

/** Calls in progress finish; a second signal, or a call that lasts too long, ends the server with code 1. */
function stop(settings, front, pool) {
    if (stopping) process.exit(1);
    stopping = true;
    console.log('Shutting down..');
    setTimeout(() => {
        console.error(`calls were still running ${settings.shutdownTimeout} s after the request to stop`);
        process.exit(1);
    }, settings.shutdownTimeout * 1000).unref();
    pool.onIdle(() => front.close(() => {
        console.log('Server stopped');
        process.exit(0);
    }));
    front.refuse();
}

main();
