/** What is kept of an incident as it was before anything was changed: the part of the record that the incident page shows. */
import * as z from 'zod';
import { timestamp } from './primitives.ts';

/** Of the JSON of all evidence. A record of this size is far below what etcd stores, and a thousand of them are too. */
export const MAX_EVIDENCE_BYTES = 16_384;

const systemSchema = z.object({
  kubeletVersion: z.string().describe('Version of the kubelet.'),
  osImage: z.string().describe('Operating system, as the node reports it.'),
  kernelVersion: z.string().describe('Version of the kernel.'),
  containerRuntimeVersion: z.string().describe('Name and version of the container runtime.'),
  bootID: z.string().describe('ID of the boot; another one means that the node was rebooted.'),
});
/** Versions and boot of a node. */
export type NodeSystem = z.infer<typeof systemSchema>;

const dnsPodSchema = z.object({
  name: z.string().describe('Name of the pod.'),
  node: z.string().describe('Name of the node that it runs on.'),
  ready: z.boolean().describe('Whether it was Ready.'),
  since: timestamp()
    .optional()
    .describe('Time since which its container had been running (RFC 3339). Absent if it was not.'),
});

const examinationSchema = z.object({
  confidence: z.enum(['high', 'medium', 'low']).describe('How certain the diagnosis was.'),
  summary: z.string().describe('What was wrong, in one sentence.'),
  because: z
    .array(
      z.object({
        source: z.string().describe('Where the fact is from, for example the log of the container.'),
        text: z.string().describe('What was found there, as a sentence or as a quoted line.'),
      }),
    )
    .describe('Facts that the diagnosis is based on.'),
  ruledOut: z
    .array(
      z.object({
        cause: z.string().describe('Cause that was considered (CamelCase).'),
        why: z.string().describe('Why it was not this one.'),
      }),
    )
    .describe('Causes that were considered and ruled out.'),
});

export const evidenceSchema = z
  .object({
    takenAt: timestamp().describe('Time at which the evidence was complete (RFC 3339).'),
    log: z
      .array(z.string())
      .describe('Last lines of the log of the container that died, oldest first. Long lines are cut.'),
    corefile: z
      .object({
        configMap: z.string().describe('Name of the ConfigMap in kube-system.'),
        text: z.string().describe('The Corefile, cut if it is long.'),
      })
      .optional()
      .describe('Configuration of CoreDNS. Absent if it could not be read.'),
    pod: z
      .object({
        ips: z.array(z.string()).describe('IP addresses of the pod.'),
        image: z.string().describe('Image of the container that died.'),
        dnsPolicy: z.string().describe('DNS policy of the pod.'),
        createdAt: timestamp().describe('Time at which the pod was created (RFC 3339).'),
        restartCount: z.int().describe('Number of restarts of the container.'),
      })
      .optional()
      .describe('DNS pod that crashed or did not answer. Absent for a drift, which no pod showed.'),
    node: systemSchema.describe('Versions and boot of the node.'),
    operatorImage: z.string().describe('Image of the operator and its agent.'),
    dnsPods: z.array(dnsPodSchema).describe('Other pods of the DNS workload, at most 20.'),
    sibling: systemSchema
      .extend({
        pod: z.string().describe('Name of the DNS pod.'),
        node: z.string().describe('Name of the node that it runs on.'),
        since: timestamp().describe('Time since which its container had been running (RFC 3339).'),
      })
      .optional()
      .describe('A DNS pod that served on another node, to compare with. Absent if none did.'),
    podsWithNodeDNS: z
      .array(z.string())
      .optional()
      .describe(
        'Other pods in kube-system on this node that use the resolv.conf of the kubelet (dnsPolicy Default), at most 20. Pods in other namespaces are not listed. Absent if they could not be read.',
      ),
    examination: examinationSchema
      .optional()
      .describe('How the cause was found. Absent in records of older versions.'),
  })
  .describe(
    'What was seen before the change. Secrets are removed, long texts are cut; all of it has 16 KiB at most.',
  );
export type Evidence = z.infer<typeof evidenceSchema>;
