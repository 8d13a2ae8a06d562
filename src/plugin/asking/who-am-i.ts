/** The user of this login as the API server authenticates it: what an answer has to be signed with. */
import * as z from 'zod';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { PluginError } from '../errors.ts';

const API = 'authentication.k8s.io/v1';
const reviewSchema = z.object({ status: z.object({ userInfo: z.object({ username: z.string().min(1) }) }) });

/** @throws PluginError if the API server does not say it */
export async function whoAmI(kube: KubeClient, signal: AbortSignal): Promise<string> {
  const body = { apiVersion: API, kind: 'SelfSubjectReview' };
  try {
    const review = await kube.raw.request({
      method: 'POST',
      path: `/apis/${API}/selfsubjectreviews`,
      body,
      signal,
    });
    return reviewSchema.parse(review).status.userInfo.username;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new PluginError(
      'the API server does not say which user you are, which answers are signed with: it needs Kubernetes 1.28 or newer',
      { cause: error },
    );
  }
}
