// node tus_server.cjs FOLDER: the peer of benchmarks/uploads.py. Prints the port that it listens on.
const { Server } = require("@tus/server");
const { FileStore } = require("@tus/file-store");

const server = new Server({ path: "/files", datastore: new FileStore({ directory: process.argv[2] }) });
const listening = server.listen({ host: "127.0.0.1", port: 0 }, () => console.log(listening.address().port));
