// Opens office files in LibreOffice, compiled to WebAssembly, and prints each: node to_pdf.cjs FOLDER FILE...
const { readFileSync, writeFileSync } = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { createSubprocessConverter } = require("@matbee/libreoffice-converter/server");

async function main(folder, files) {
  const wasmPath = dirname(require.resolve("@matbee/libreoffice-converter/wasm/loader"));
  const office = await createSubprocessConverter({ wasmPath });
  for (const file of files) {
    const printed = await office.convert(readFileSync(file), { outputFormat: "pdf" }, basename(file));
    writeFileSync(join(folder, `${basename(file)}.pdf`), printed.data);
  }
  await office.destroy();
}

const [folder, ...files] = process.argv.slice(2);
main(folder, files).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
