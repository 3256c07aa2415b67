/** Time limit of most steps; as all limits of steps it is prolonged by the guest's patience (machine/job.ts). */
export const patienceMs = 15_000;
