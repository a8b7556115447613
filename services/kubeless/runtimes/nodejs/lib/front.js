'use strict';

/**
 * HTTP on the main thread: health, metrics, limits and CORS here, everything else to the pool of threads.
 */

const http = require('http');
const accesslog = require('./accesslog');
const { Exchange } = require('./exchange');
const { CONTENT_TYPE } = require('./metrics');

const KEEP_ALIVE = 75 * 1000; // longer than a client keeps an idle connection, so that the client closes first
const MOST_DISCARDED = 64 * 1024 * 1024;

class Front {
    constructor(settings, pool) {
        this.settings = settings;
        this.pool = pool;
        this.server = http.createServer((request, response) => this.handle(request, response));
        this.server.keepAliveTimeout = KEEP_ALIVE;
        this.server.headersTimeout = KEEP_ALIVE + 5000;
    }

    listen() {
        this.server.on('error', (error) => {
            process.stderr.write(`cannot listen on port ${this.settings.port}: ${error.message}\n`);
            process.exit(1);
        });
        this.server.listen({ port: this.settings.port, host: this.settings.host || undefined, backlog: 1024 });
    }

    /** Accept nothing new; connections end with the answers of the calls in progress. */
    refuse() {
        this.stopping = true;
        this.server.close();
        if (this.server.closeIdleConnections) this.server.closeIdleConnections();
    }

    /** Ends what is still connected once the last answers are written. */
    close(done) {
        setImmediate(() => {
            accesslog.flush();
            done();
        });
    }

    handle(request, response) {
        const mark = request.url.indexOf('?');
        const path = mark < 0 ? request.url : request.url.slice(0, mark);
        const exchange = new Exchange(request, response, path, this.pool.metrics);
        if (this.stopping) response.shouldKeepAlive = false;
        if (request.method === 'GET' && path === '/healthz') return exchange.plain(200, 'OK');
        if (request.method === 'GET' && path === '/metrics') {
            return exchange.plain(200, this.pool.metrics.render(), { 'Content-Type': CONTENT_TYPE });
        }
        if (request.method === 'OPTIONS') return exchange.plain(200, '', preflight(request.headers));
        return this.receive(request, exchange);
    }

    receive(request, exchange) {
        const { headers } = request;
        if (headers['transfer-encoding'] === undefined && !Number(headers['content-length'])) {
            return this.pool.submit(exchange, Buffer.alloc(0));
        }
        const limit = this.settings.maxBody;
        if (Number(headers['content-length']) > limit) return tooLarge(request, exchange, limit);
        const pieces = [];
        let size = 0;
        const gather = (piece) => {
            size += piece.length;
            if (size <= limit) return pieces.push(piece);
            request.removeListener('data', gather);
            request.removeListener('end', submit);
            return tooLarge(request, exchange, limit);
        };
        const submit = () => this.pool.submit(exchange, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
        request.on('data', gather);
        request.on('end', submit);
        request.on('error', () => {}); // the client left; there is nobody to tell
        return undefined;
    }
}

/** Read to the end before the answer, within reason: a client that still sends may not listen, or lose the answer. */
function tooLarge(request, exchange, limit) {
    const text = `the body is larger than ${limit} bytes\n`;
    let discarded = 0;
    request.on('data', (piece) => {
        discarded += piece.length;
        if (discarded <= MOST_DISCARDED) return;
        exchange.response.shouldKeepAlive = false;
        exchange.plain(413, text);
        request.destroy();
    });
    request.on('end', () => exchange.plain(413, text));
    request.on('error', () => {}); // the client left; there is nobody to tell
}

function preflight(headers) {
    const answer = {};
    const method = headers['access-control-request-method'];
    const names = headers['access-control-request-headers'];
    if (method) answer['Access-Control-Allow-Methods'] = method;
    if (names) answer['Access-Control-Allow-Headers'] = names;
    return answer;
}

module.exports = { Front };
