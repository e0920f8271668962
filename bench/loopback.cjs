// Preloaded into peers that have no option for their address: they listen on 127.0.0.1 only.
const { Server } = require('node:net');
const listen = Server.prototype.listen;
Server.prototype.listen = function (first, ...rest) {
  const more = rest.filter(value => typeof value === 'function');
  if (typeof first === 'object') return listen.call(this, { ...first, host: '127.0.0.1' }, ...more);
  return listen.call(this, { port: Number(first), host: '127.0.0.1' }, ...more);
};
