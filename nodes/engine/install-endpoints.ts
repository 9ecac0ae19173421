/** What the dialog of an engine asks about the installation of the native runtime. */
import { withoutPaths } from '../../src/supervision';
import { codeOf, toError } from '../shared/failure';
import { spokenError } from '../shared/language';
import type { NodeAPI } from '../shared/node-red';
import { fromOwnPages, jsonOnly } from './requests';
import { RuntimeInstaller, type InstallState } from './runtime-installer';
import { phrase } from '../../src/sentence';

/** Whoever may install modules in the palette may do it here. */
const INSTALL = 'nodes.write';
const READ = 'deeptone-engine.read';
const PATH = '/deeptone-engine/runtime/install';

/** Registers `POST deeptone-engine/runtime/install`, which begins, and `GET` of the same, which says how far it is. */
export function serveRuntimeInstall(RED: NodeAPI): void {
  const installer = new RuntimeInstaller();
  RED.httpAdmin.get(PATH, fromOwnPages, RED.auth.needsPermission(READ), (_request, response) => {
    response.json(discreet(installer.state));
  });
  RED.httpAdmin.post(
    PATH,
    fromOwnPages,
    jsonOnly,
    RED.auth.needsPermission(INSTALL),
    (_request, response) => {
      if (!mayInstall(RED)) {
        const message = phrase`settings.js of this Node-RED does not let the editor install modules (externalModules.palette.allowInstall).`;
        response.status(403).json({ code: 'DEEPTONE_INVALID_ARGUMENT', message });
        return;
      }
      installer.begin().then(
        (state) => response.status(202).json(discreet(state)),
        (error: unknown) =>
          response.status(400).json({
            code: codeOf(error) ?? 'OTHER',
            message: withoutPaths(spokenError(toError(error)).message),
          }),
      );
    },
  );
}

/** The same without the places of files, which npm tells of. */
function discreet(state: InstallState): InstallState {
  switch (state.state) {
    case 'running':
      return { ...state, line: withoutPaths(state.line) };
    case 'failed':
      return { ...state, message: withoutPaths(state.message) };
    case 'none':
    case 'done':
      return state;
  }
}

function mayInstall(RED: NodeAPI): boolean {
  const { externalModules } = RED.settings as {
    readonly externalModules?: { readonly palette?: { readonly allowInstall?: boolean } };
  };
  return externalModules?.palette?.allowInstall !== false;
}
