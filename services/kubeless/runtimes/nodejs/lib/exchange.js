'use strict';

/**
 * One request and its response on the main thread. Exactly one answer is sent; a second one is ignored, as happens when
 * a call ends after its time was over.
 */

const { performance } = require('perf_hooks');
const accesslog = require('./accesslog');
const console = require('./console');

const TEXT = 'text/html; charset=utf-8';

class Exchange {
    constructor(request, response, path, metrics) {
        this.request = request;
        this.response = response;
        this.path = path;
        this.metrics = metrics;
        this.began = performance.now();
        this.size = 0;
        this.over = false;
    }

    /** An answer of the server itself, not of the function. */
    plain(status, text, headers) {
        this.write(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, text);
    }

    /** The whole answer of the function. */
    answer(status, headers, body) {
        this.count(status >= 500);
        this.write(status, headers, body);
    }

    /** The function has none: it failed, or ran out of time. */
    fail(status, text) {
        if (this.over) return;
        this.count(status !== 408);
        if (this.response.headersSent) {
            this.over = true;
            this.log(status);
            this.response.destroy();
        } else {
            this.plain(status, text);
        }
    }

    head(status, headers) {
        if (!this.over) this.attempt(() => this.response.writeHead(status, complete(headers)));
    }

    /** A piece of a stream; `written` is called when there is room for the next. */
    piece(body, written) {
        if (this.over || this.response.destroyed) return;
        this.size += body.length;
        this.response.write(body, written);
    }

    end() {
        if (this.over) return;
        this.over = true;
        this.count(this.response.statusCode >= 500);
        this.log(this.response.statusCode);
        this.response.end();
    }

    write(status, headers, body) {
        if (this.over) return;
        this.over = true;
        const all = complete(headers);
        this.size = Buffer.byteLength(body);
        if (status !== 204 && status !== 304) all['Content-Length'] = this.size;
        this.attempt(() => {
            this.response.writeHead(status, all);
            this.response.end(body);
        });
        this.log(this.response.statusCode);
    }

    /** A status or header that cannot be sent is the function's mistake. */
    attempt(send) {
        try {
            send();
        } catch (error) {
            console.error(`Function failed to execute: its response cannot be sent: ${error.message}`);
            this.over = true;
            this.response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 22 });
            this.response.end('Internal Server Error\n');
        }
    }

    count(failed) {
        this.metrics.record(this.request.method, (performance.now() - this.began) / 1000, failed);
    }

    log(status) {
        accesslog.record(this.request, this.path, status, this.size);
    }
}

function complete(headers) {
    const all = { 'Access-Control-Allow-Origin': '*' };
    let typed = false;
    for (const name in headers) {
        const lower = name.toLowerCase();
        if (lower === 'content-type') typed = true;
        if (lower !== 'content-length' && lower !== 'transfer-encoding' && lower !== 'connection') {
            all[lower === 'access-control-allow-origin' ? 'Access-Control-Allow-Origin' : name] = headers[name];
        }
    }
    if (!typed) all['Content-Type'] = TEXT;
    return all;
}

module.exports = { Exchange };
