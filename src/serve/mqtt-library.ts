import type * as Mqtt from 'mqtt';
import { BrokerError } from '../errors';

/** The part of the MQTT client that is used here. */
export type MqttLibrary = Pick<typeof Mqtt, 'connect'>;

/**
 * Loads the MQTT client, which Node-RED brings with it and this package does not (decision 34).
 *
 * @throws BrokerError that says how to install it
 */
export async function loadMqtt(): Promise<MqttLibrary> {
  try {
    return await import('mqtt');
  } catch (cause) {
    throw new BrokerError(
      'The MQTT client is not installed here: run "npm install mqtt" in the folder where @deeptone/node-red is installed ' +
        '("npm install --global mqtt" where that is global), and try again.',
      { cause },
    );
  }
}
