package sala.jmh;

/** What TornadoVM's default device can do at best, measured by kernels in Java. */
final class DeviceLimits {
    /** 256 MiB, more than any cache. */
    private static final int COPIED_WORDS = 1 << 25;

    private static final int LANES = 1 << 20;
    private static final int STEPS = 4096;
    private static final int RUNS = 10;

    private DeviceLimits() {}

    /**
     * Measures; takes a second or two.
     *
     * @throws IllegalStateException if there is no device
     */
    static Limits measure() {
        KernelSpeedRow copy = new DeviceCopy(COPIED_WORDS);
        KernelSpeedRow multiplyAdd = new DeviceMultiplyAdd(LANES, STEPS);
        return new Limits(copy.bytes() / seconds(copy), multiplyAdd.flops() / seconds(multiplyAdd));
    }

    /** Best time of a launch: whatever else happens can only lengthen it. */
    private static double seconds(KernelSpeedRow row) {
        try (Operation operation = DeviceOperation.open(row)) {
            double best = Double.MAX_VALUE;
            for (int run = 0; run < RUNS; run++) {
                long start = System.nanoTime();
                operation.body().run();
                best = Math.min(best, (System.nanoTime() - start) * 1e-9);
            }
            return best / operation.count();
        }
    }
}
