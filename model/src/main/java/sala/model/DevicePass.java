package sala.model;

/** A {@link ForwardPass} on a device, which can tell where the time goes. */
public interface DevicePass {
    /**
     * Graphs that have run since the pass was opened. A graph is compiled on its first run.
     *
     * @param graphs how many
     * @param nanos duration of their first runs, together
     */
    record FirstRuns(int graphs, long nanos) {}

    /**
     * Runs calls of this pass and returns what its device did in them. Nothing is replayed and the host waits for each task,
     * so the work takes longer than without, and the time of a task holds some microseconds of its launch: what the
     * tasks take together is more than the device needs for them end to end.
     *
     * @param work calls of this pass, on the calling thread
     */
    TaskProfile profile(Runnable work);

    FirstRuns firstRuns();

    /** Bytes of all arrays on the device. */
    long deviceBytes();

    /**
     * Brings the caches of a session to the device, which its next call would do otherwise: so that a clock around that
     * call does not count it.
     */
    void bringToDevice(Session session);
}
