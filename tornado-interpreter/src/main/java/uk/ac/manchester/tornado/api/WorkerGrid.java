package uk.ac.manchester.tornado.api;

import org.jspecify.annotations.Nullable;

/** How many lanes a task runs with, and how they are grouped. */
public interface WorkerGrid {
    int dimension();

    long[] getGlobalWork();

    /** Lanes per work group, or null where the device may choose. */
    long @Nullable [] getLocalWork();

    /** Work groups, or null where no group size was set. */
    long @Nullable [] getNumberOfWorkgroups();

    long[] getGlobalOffset();

    void setGlobalWork(long x, long y, long z);

    void setLocalWork(long x, long y, long z);

    void setNumberOfWorkgroupsToNull();

    void setLocalWorkToNull();

    void setGlobalOffset(long x, long y, long z);
}
