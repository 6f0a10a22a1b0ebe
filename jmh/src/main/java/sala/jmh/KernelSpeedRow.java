package sala.jmh;

import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * One line of {@link KernelSpeed}'s table: a kernel at a shape. A row owns its arrays; it is allocated when its turn
 * comes and dropped after it.
 */
interface KernelSpeedRow {
    /** Kernel and storage type, such as {@code "matvec bf16"}. */
    String name();

    /** Sizes, such as {@code "4096x4096"}. */
    String shape();

    /** Bytes that a launch must move; 0 where arithmetic is the limit. */
    double bytes();

    /** Floating-point operations of a launch; 0 where the memory is the limit. */
    default double flops() {
        return 0;
    }

    /** Whether the backend can run the kernel; every one can run most. */
    default boolean runsOn(TornadoVMBackendType backend) {
        return true;
    }

    /** Arrays of one run. */
    Work allocate();

    /** What is launched. */
    interface Work {
        /** Arrays that go to the device once. */
        Object[] inputs();

        /** The array that is checked. */
        Object output();

        /** Launches in a graph, so that consecutive ones do not find their data in the cache. */
        int launches();

        /** Adds a launch; equal numbers modulo {@link #launches()} work on equal data. */
        void addTo(KernelGraph graph, String task, int launch);

        /** Worst error of the output of launch 0, as a share of the largest expected magnitude. */
        double error();

        /** The error above which no speed is printed. */
        double tolerance();
    }
}
