package sala.kernels.norm;

/**
 * How a row is shared out among the lanes of a work group: four values a lane, so that all of them are in flight together and
 * stay in registers until the row's sum is known. A row of more than {@value #MAX} times four values is read twice.
 */
public final class NormLanes {
    /** Most lanes of a work group. */
    public static final int MAX = 1024;

    /** Lanes that shuffles sum over, and the least of a work group. */
    public static final int WARP = 32;

    /** Values of a lane that stay in registers. */
    public static final int VALUES = 4;

    private NormLanes() {}

    /** Lanes for rows of so many values: a power of two, from {@value #WARP} to {@value #MAX}. */
    public static int of(int width) {
        int lanes = WARP;
        while (lanes < MAX && lanes * VALUES < width) {
            lanes *= 2;
        }
        return lanes;
    }
}
