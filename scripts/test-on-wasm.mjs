// Loaded before tests that are to run on WebAssembly (.mocharc.wasm.json): every engine that they make is one of those.
process.env.DEEPTONE_RUNTIME = 'wasm';
