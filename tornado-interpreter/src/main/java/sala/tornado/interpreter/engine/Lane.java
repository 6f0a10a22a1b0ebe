package sala.tornado.interpreter.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterException;

/**
 * One lane of a work group: its ids, what it waits for, and the variables of its methods while it waits. Rewritten
 * kernels read the public fields.
 */
public final class Lane {
    public int globalIdx;
    public int globalIdy;
    public int globalIdz;
    public int groupIdx;
    public int groupIdy;
    public int groupIdz;
    public int localIdx;
    public int localIdy;
    public int localIdz;
    public int globalGroupSizeX;
    public int globalGroupSizeY;
    public int globalGroupSizeZ;
    public int localGroupSizeX;
    public int localGroupSizeY;
    public int localGroupSizeZ;

    /** Whether the lane waits, so that its methods save their variables and return. */
    public boolean waiting;

    /** What a warp operation gave this lane. */
    public float floatResult;

    /** What a warp operation gave this lane. */
    public @Nullable Object objectResult;

    final WorkGroup group;
    final int index;
    final GlobalArray[] arrays;

    /** The work group, the lane and the barriers passed, as {@link Shadow} keeps them. */
    long globalTag;

    long localTag;
    LaneState state = LaneState.READY;
    int site;
    int waitPath;
    int allocations;

    @Nullable
    WarpOperation operation;

    float floatOperand;
    int intOperand;

    @Nullable
    Object firstOperand;

    @Nullable
    Object secondOperand;

    @Nullable
    Object thirdOperand;

    @Nullable
    AsyncCopies copies;

    private boolean resuming;
    private long[] numbers = new long[16];
    private int numberCount;
    private @Nullable Object[] references = new @Nullable Object[8];
    private int referenceCount;

    /** What a lane does. */
    enum LaneState {
        READY,
        AT_LOCAL_BARRIER,
        AT_GLOBAL_BARRIER,
        AT_WARP_OPERATION,
        ENDED
    }

    Lane(WorkGroup group, int index, GlobalArray[] arrays) {
        this.group = group;
        this.index = index;
        this.arrays = arrays;
    }

    /** At the start of a work group. */
    void restart() {
        state = LaneState.READY;
        allocations = 0;
        numberCount = 0;
        referenceCount = 0;
        copies = null;
    }

    /** Before the lane's code is called. */
    void enter() {
        waiting = false;
        waitPath = 1;
        resuming = numberCount > 0;
    }

    void waitAs(LaneState newState, int newSite) {
        state = newState;
        site = newSite;
        waiting = true;
    }

    void waitForWarp(WarpOperation newOperation, int newSite) {
        operation = newOperation;
        waitAs(LaneState.AT_WARP_OPERATION, newSite);
    }

    /** Where the method that is called again goes on; 0 where it starts. */
    public int resumePoint() {
        return resuming ? restoreInt() : 0;
    }

    /** The innermost method has its variables again. */
    public void resumed() {
        resuming = false;
    }

    /** The last value that a waiting method saves: where it goes on. */
    public void waitAt(int point) {
        waitPath = waitPath * 31 + point;
        save(point);
    }

    public void save(int value) {
        save((long) value);
    }

    public void save(float value) {
        save((long) Float.floatToRawIntBits(value));
    }

    public void save(double value) {
        save(Double.doubleToRawLongBits(value));
    }

    public void save(long value) {
        if (numberCount == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * numberCount);
        }
        numbers[numberCount++] = value;
    }

    public void save(@Nullable Object value) {
        if (referenceCount == references.length) {
            references = Arrays.copyOf(references, 2 * referenceCount);
        }
        references[referenceCount++] = value;
    }

    public int restoreInt() {
        return (int) restoreLong();
    }

    public float restoreFloat() {
        return Float.intBitsToFloat((int) restoreLong());
    }

    public double restoreDouble() {
        return Double.longBitsToDouble(restoreLong());
    }

    public long restoreLong() {
        return numbers[--numberCount];
    }

    public @Nullable Object restoreReference() {
        return references[--referenceCount];
    }

    /** The lane's ids as messages give them. */
    String localId() {
        return "(%d, %d, %d)".formatted(localIdx, localIdy, localIdz);
    }

    /** An error of this lane at a place of the kernel. */
    InterpreterException failure(int failedSite, String what) {
        return group.failure(this, failedSite, what);
    }
}
