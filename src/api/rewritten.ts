/** What the agent saw of the file that sets the kubelet's resolvConf: when it was changed, and what else changed then. */
import * as z from 'zod';
import { timestamp } from './primitives.ts';

/** As many as fit into a report beside everything else. */
export const MAX_NEIGHBOURS = 8;

/** Compared with what the last repair of this node left in the file and had found there. */
const CONTENTS = ['AsRepaired', 'AsBefore', 'Other'] as const;

export const rewrittenSchema = z
  .object({
    path: z.string().describe('Absolute path of the file on the node, without symbolic links.'),
    mtime: timestamp().describe(
      'Modification time of the file (RFC 3339), which a program may set to any value.',
    ),
    ctime: timestamp().describe(
      'Change time of the file (RFC 3339), which the kernel sets whenever the file is written, replaced, or given another owner or mode.',
    ),
    owner: z.string().describe('User and group of the file, for example 0:0.'),
    mode: z.string().describe('Mode of the file in octal, for example 0600.'),
    sinceRepair: z
      .string()
      .optional()
      .describe(
        'Name of the last remediation that repaired this file, as the journal on the node says. Absent if there was none, or if the journal is not mounted.',
      ),
    repairedAt: timestamp().optional().describe('Time at which that repair wrote the file (RFC 3339).'),
    content: z
      .enum(CONTENTS)
      .optional()
      .describe(
        'How the content compares with that repair. AsRepaired: the file was not changed since. AsBefore: it is byte for byte what the repair had found. Other: neither.',
      ),
    resolvConf: z
      .object({
        path: z.string().describe('Absolute path, as resolvConf names it.'),
        changedAt: timestamp().describe('Change time of the file or link itself (RFC 3339).'),
        link: z.string().optional().describe('What the symbolic link points to. Absent if it is a file.'),
      })
      .optional()
      .describe(
        'The file that resolvConf names, which may have been replaced instead. Absent if it cannot be seen.',
      ),
    neighbours: z
      .array(
        z.object({
          path: z.string().describe('Absolute path of the file or directory on the node.'),
          changedAt: timestamp().describe('Change time of the file or directory (RFC 3339).'),
        }),
      )
      .max(MAX_NEIGHBOURS)
      .describe(
        'What else was changed within a minute of the change time of the file, nearest first: in its directory, in the directories of the kubelet, its unit, kubeadm, cloud-init and Puppet, and the time stamps of sudo.',
      ),
    more: z.int().describe('Number of further neighbours that are not listed.'),
    bootedAt: timestamp().optional().describe('Time at which the node was booted (RFC 3339).'),
  })
  .describe(
    'What tells who wrote the file that sets resolvConf, as it was before the repair. Absent in older records, and if no such file can be seen.',
  );
export type Rewritten = z.infer<typeof rewrittenSchema>;

/** What may have written the file. A new one is a file in `diagnosis/rewriters/` and a line in its list. */
export const EXPLANATIONS = [
  'KubesprayRun',
  'KubeadmUpgradeNode',
  'CloudInit',
  'BootScript',
  'ConfigurationManagement',
  'PackageUpgrade',
  'Person',
  'ResolvConfReplaced',
  'Unknown',
] as const;

export const explanationSchema = z.object({
  explanation: z
    .enum(EXPLANATIONS)
    .describe(
      'What may have brought the wrong value back. KubesprayRun: a run of kubespray. KubeadmUpgradeNode: kubeadm upgrade node. CloudInit: cloud-init at boot. BootScript: a script or unit of the image at boot. ConfigurationManagement: Ansible or Puppet. PackageUpgrade: a package that was installed. Person: someone who edited the file. ResolvConfReplaced: the setting was not changed, but the file that it names was replaced. Unknown: nothing fits.',
    ),
  confidence: z.enum(['high', 'medium', 'low']).describe('How well the explanation fits what was found.'),
  evidence: z.array(z.string()).describe('What was found, for the explanation and against it.'),
  change: z.array(z.string()).describe('What to change or to look at, as lines to copy where possible.'),
});
export type Explanation = z.infer<typeof explanationSchema>;
