'use strict';

/**
 * Write to stdout and stderr at once, from every thread.
 *
 * A worker thread's own streams go through the main thread's event loop: what a function printed would be lost when its
 * thread is ended, and 10 MB of it would hold up everybody's requests. A write to the file descriptor has neither
 * problem. A reader that is slow slows down who writes; one that is gone is no error.
 */

const fs = require('fs');

const pause = new Int32Array(new SharedArrayBuffer(4));

function write(descriptor, data) {
    let rest = typeof data === 'string' ? Buffer.from(data) : data;
    while (rest.length > 0) {
        try {
            rest = rest.subarray(fs.writeSync(descriptor, rest));
        } catch (error) {
            if (error.code !== 'EAGAIN') return;
            Atomics.wait(pause, 0, 0, 1);
        }
    }
}

/** Let all that this thread prints take the short way. The streams stay: Node.js itself keeps state in them. */
function install() {
    shorten(process.stdout, 1);
    shorten(process.stderr, 2);
}

function shorten(stream, descriptor) {
    const put = (chunk, encoding) => write(descriptor, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    stream._write = (chunk, encoding, done) => {
        put(chunk, encoding);
        done();
    };
    stream._writev = (chunks, done) => {
        chunks.forEach(({ chunk, encoding }) => put(chunk, encoding));
        done();
    };
}

module.exports = {
    write,
    install,
    log: (text) => write(1, `${text}\n`),
    error: (text) => write(2, `${text}\n`),
};
