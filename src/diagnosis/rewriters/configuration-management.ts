/** Ansible (other than kubespray's role) or Puppet, which brings a file to what it declares. */
import { posix } from 'node:path';
import { ansibleBackups, near, type Rewriter, restored, sameMinute } from './rewriter.ts';

/** Puppet's `lastrunfile` and `lastrunreport`, written at the end of each run (Puppet, configuration reference). */
const PUPPET = /^\/opt\/puppetlabs\/puppet\/cache\/state\/last_run_/;

export const configurationManagement: Rewriter = {
  explanation: 'ConfigurationManagement',
  explain: (trace) => {
    const { path } = trace.rewritten;
    const puppet = near(trace, PUPPET);
    // Another file with a backup of Ansible is evidence of a run, but not of this file's part in it.
    const ansible = ansibleBackups(trace).filter((one) => one.startsWith(`${path}.`));
    if (puppet.length + ansible.length === 0) return null;
    return {
      confidence: ansible.length > 0 ? 'high' : 'medium',
      evidence: [
        ...(ansible.length > 0 ? [sameMinute(ansible, ', a backup as Ansible names it')] : []),
        ...(puppet.length > 0 ? [sameMinute(puppet, ', as at the end of each run of Puppet')] : []),
        ...restored(trace),
      ],
      change: [
        `In the template or resource that declares ${posix.basename(path)} (${path}):`,
        `resolvConf: ${trace.target}`,
        ...(puppet.length > 0 ? [`To find it: grep -rF ${path} /etc/puppetlabs/code`] : []),
      ],
    };
  },
};
