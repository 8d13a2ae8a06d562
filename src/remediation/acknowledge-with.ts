/** How a person acknowledges an ended incident, for advice: with the plugin, and without it. */
import { ACKNOWLEDGED_ANNOTATION } from '../api/keys.ts';

export const acknowledgeWith = (name: string): string =>
  `\`kubectl dnshealth acknowledge ${name}\` (without the plugin: \`kubectl annotate dnsrem ${name} ${ACKNOWLEDGED_ANNOTATION}=true\`)`;
