/* global module -- Node-RED reads it as CommonJS. */
// Settings of the Node-RED of compose.yaml, copied into /data once; change them there.
module.exports = {
  flowFile: 'flows.json',
  // A user and a password, before others can reach it: https://nodered.org/docs/user-guide/runtime/securing-node-red
  // adminAuth: { type: 'credentials', users: [{ username: 'admin', password: '$2y$...', permissions: '*' }] },
  dashboard: { maxHttpBufferSize: 2e7 },
};
