/** To be imported before ONNX Runtime is, where a test loads it by itself: it reports to its maker otherwise. */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
