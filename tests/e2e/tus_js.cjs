// node tus_js.cjs ENDPOINT TOKEN FILE SHA256 MODE
// Uploads FILE with the stock tus-js-client. MODE `break`: aborts half-way and goes on from where the server is.
// MODE `creation`: the first bytes travel with the creation. Prints the last answer's Upload-State.
const fs = require("fs");
const tus = require("tus-js-client");

const [endpoint, token, path, sha256, mode] = process.argv.slice(2);
const size = fs.statSync(path).size;
let state = "none";
let broken = false;

function start(uploadUrl) {
  const upload = new tus.Upload(fs.createReadStream(path), {
    endpoint, uploadUrl,
    uploadSize: size,
    chunkSize: 256 * 1024,
    uploadDataDuringCreation: mode === "creation",
    headers: { Authorization: `Bearer ${token}` },
    metadata: { filename: "Biên bản họp.bin", filetype: "application/octet-stream", sha256 },
    onAfterResponse(_request, response) { state = response.getHeader("Upload-State") || state; },
    onError(error) { console.error(String(error)); process.exit(1); },
    onProgress(sent) {
      if (mode === "break" && !broken && sent > size / 2) {
        broken = true;
        upload.abort().then(() => start(upload.url));
      }
    },
    onSuccess() { console.log(state, broken); },
  });
  upload.start();
}

start(null);
