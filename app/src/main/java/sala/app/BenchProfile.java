package sala.app;

import sala.model.TaskProfile;

/**
 * What a device did in a test.
 *
 * @param tasks by the device's clock
 * @param tokens that went through
 */
record BenchProfile(TaskProfile tasks, int tokens) {
    /** Time of the tasks of one token. */
    double kernelNanosPerToken() {
        return (double) tasks.kernelNanos() / tokens;
    }
}
