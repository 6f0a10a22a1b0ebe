package uk.ac.manchester.tornado.api.enums;

/** When arrays are copied. */
public class DataTransferMode {
    /** Once, before the first execution. */
    public static final int FIRST_EXECUTION = 0;

    /** At every execution. */
    public static final int EVERY_EXECUTION = 1;

    /** To the host only when the result of an execution is asked for it. */
    public static final int UNDER_DEMAND = 2;

    public DataTransferMode() {}
}
