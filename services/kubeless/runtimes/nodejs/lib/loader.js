'use strict';

/**
 * Load the function: `module.exports = { name(event, context) {} }`, `exports.name = ...`, `module.exports = function`,
 * or an ES module (`.mjs`, or `"type": "module"` in package.json).
 */

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');

/** Rejects with an Error whose message says what is wrong with the function. */
async function loadFunction({ volume, module, handler }) {
    const file = findFile(volume, module);
    const name = path.basename(file);
    let loaded;
    try {
        loaded = await load(file);
    } catch (error) {
        throw new Error(explain(name, error));
    }
    return pick(loaded, name, handler);
}

/** The stack first and the reason last: the last line is what Kubernetes shows of a container that ended. */
function explain(name, error) {
    const reason = String((error && error.message) || error).split('\n', 1)[0];
    const title = (error && error.name) || 'Error';
    return `${(error && error.stack) || ''}\nUnable to load ${name}: ${title}: ${reason}`.trim();
}

function findFile(volume, module) {
    const candidates = [`${module}.js`, `${module}.mjs`, `${module}.cjs`].map((name) => path.join(volume, name));
    const found = candidates.find((file) => fs.existsSync(file));
    if (found) return found;
    const there = fs.readdirSync(volume).filter((name) => /\.[cm]?js$/.test(name)).sort();
    throw new Error(`Unable to load ${module}.js: there is no such file; there is ${there.slice(0, 20).join(', ') || 'none'}`);
}

async function load(file) {
    try {
        return file.endsWith('.mjs') ? await import(pathToFileURL(file).href) : require(file);
    } catch (error) {
        if (!error || error.code !== 'ERR_REQUIRE_ESM') throw error;
        return import(pathToFileURL(file).href);
    }
}

function pick(loaded, name, handler) {
    const exported = loaded && loaded.default !== undefined && loaded[handler] === undefined ? loaded.default : loaded;
    if (typeof exported === 'function') return typeof exported[handler] === 'function' ? exported[handler].bind(exported) : exported;
    if (exported && typeof exported[handler] === 'function') return exported[handler].bind(exported);
    const names = Object.keys(exported || {}).filter((key) => typeof exported[key] === 'function');
    throw new Error(`${name} exports no function ${handler}; it exports ${names.slice(0, 20).join(', ') || 'none'}`);
}

module.exports = { loadFunction };
