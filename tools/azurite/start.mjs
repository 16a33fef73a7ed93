// Starts azurite-blob with the given arguments in a session of its own, so that Ctrl+C in the terminal does not end it, and prints its process id.
// usage: node start.mjs LOG_FILE [azurite-blob arguments]
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [logFile, ...args] = process.argv.slice(2);
const log = openSync(logFile, "w");
const program = fileURLToPath(new URL("durable.cjs", import.meta.url));
const azurite = spawn(process.execPath, [program, ...args], { detached: true, stdio: ["ignore", log, log] });
azurite.on("spawn", () => {
  console.log(azurite.pid);
  azurite.unref();
});
