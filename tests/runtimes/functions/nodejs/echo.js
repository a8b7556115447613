// Text is decoded; who wants the bytes reads the request.
module.exports = {
  run: (event) => (event.extensions.request.get('content-type') === 'application/octet-stream'
    ? event.extensions.request.rawBody
    : event.data),
};
