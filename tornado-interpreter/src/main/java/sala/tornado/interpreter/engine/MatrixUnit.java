package sala.tornado.interpreter.engine;

import java.util.List;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.FP8;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/**
 * Matrix loads and products of a warp, laid out over its lanes as the PTX instruction set defines it for
 * {@code ldmatrix} and {@code mma.m16n8k16 / m16n8k32}.
 *
 * <p>Tiles are read as 8 x 8 matrices of 16-bit values, each row of 16 bytes at an address that one lane gives. A is 16
 * rows of 32 bytes: matrices top left, bottom left, top right, bottom right. B is 16 rows of 16 bytes: the upper matrix,
 * then the lower one, both transposed as they are loaded. With {@code g = lane / 4} and {@code t = lane % 4} a lane has
 * of A the rows g and g + 8, of B the column g, of the sums the rows g and g + 8, columns 2t and 2t + 1.
 */
final class MatrixUnit {
    private static final int A_ROW_BYTES = 32;
    private static final int B_ROW_BYTES = 16;
    private static final int B_MATRIX_BYTES = 128;
    private static final int ROWS = 16;
    private static final int COLUMNS = 8;

    private MatrixUnit() {}

    /** Where a lane's i-th sum goes. */
    static int storedIndex(Lane lane, int i, int row, int column, int numColumns) {
        int laneOfWarp = lane.index % Warp.SIZE;
        int ownRow = laneOfWarp / 4 + (i < 2 ? 0 : 8);
        int ownColumn = laneOfWarp % 4 * 2 + i % 2;
        return (row + ownRow) * numColumns + column + ownColumn;
    }

    static void load(List<Lane> lanes, WarpOperation operation) {
        boolean a = operation == WarpOperation.LOAD_A || operation == WarpOperation.LOAD_A_BYTES;
        int matrices = a ? 4 : 2;
        short[][] rows = new short[8 * matrices][];
        for (int address = 0; address < rows.length; address++) {
            Lane lane = lanes.get(address);
            int offset = lane.intOperand + (a ? offsetOfA(address) : offsetOfB(address, operation));
            rows[address] = row(lane, offset);
        }
        for (Lane lane : lanes) {
            int laneOfWarp = lane.index % Warp.SIZE;
            short[] values = new short[2 * matrices];
            for (int matrix = 0; matrix < matrices; matrix++) {
                for (int i = 0; i < 2; i++) {
                    int pair = laneOfWarp % 4 * 2 + i;
                    values[2 * matrix + i] =
                            a ? rows[8 * matrix + laneOfWarp / 4][pair] : rows[8 * matrix + pair][laneOfWarp / 4];
                }
            }
            boolean bytes = operation == WarpOperation.LOAD_A_BYTES || operation == WarpOperation.LOAD_B_BYTES;
            lane.objectResult = bytes ? bytes(values) : halves(values);
        }
    }

    private static int offsetOfA(int address) {
        int matrix = address / 8;
        return (matrix % 2 * 8 + address % 8) * A_ROW_BYTES + matrix / 2 * 16;
    }

    private static int offsetOfB(int address, WarpOperation operation) {
        int offset = address % 8 * B_ROW_BYTES + address / 8 * B_MATRIX_BYTES;
        return operation == WarpOperation.LOAD_B_SWIZZLED ? Swizzle.wide(offset) : offset;
    }

    /** Eight 16-bit values from a byte offset of the lane's tile. */
    private static short[] row(Lane lane, int offsetBytes) {
        if (offsetBytes % 16 != 0) {
            throw lane.failure(
                    lane.site,
                    "loads a row of a matrix from byte %d of its tile: expected a multiple of 16"
                            .formatted(offsetBytes));
        }
        boolean checks = lane.group.checks();
        short[] row = new short[8];
        switch (lane.firstOperand) {
            case int[] tile -> {
                for (int i = 0; i < 4; i++) {
                    int index = offsetBytes / 4 + i;
                    if (checks) {
                        KernelRuntime.readLocal(tile, index, lane.site, lane);
                    }
                    row[2 * i] = (short) tile[index];
                    row[2 * i + 1] = (short) (tile[index] >>> 16);
                }
            }
            case HalfFloat[] tile -> {
                for (int i = 0; i < 8; i++) {
                    int index = offsetBytes / 2 + i;
                    if (checks) {
                        KernelRuntime.readLocal(tile, index, lane.site, lane);
                    }
                    row[i] = tile[index].getHalfFloatValue();
                }
            }
            case null, default -> throw lane.failure(lane.site, "loads a matrix from no tile");
        }
        return row;
    }

    private static HalfFloat[] halves(short[] values) {
        HalfFloat[] halves = new HalfFloat[values.length];
        for (int i = 0; i < values.length; i++) {
            halves[i] = new HalfFloat(values[i]);
        }
        return halves;
    }

    private static byte[] bytes(short[] values) {
        byte[] bytes = new byte[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[2 * i] = (byte) values[i];
            bytes[2 * i + 1] = (byte) (values[i] >> 8);
        }
        return bytes;
    }

    static void multiply(List<Lane> lanes, WarpOperation operation) {
        if (operation == WarpOperation.MULTIPLY_INT8) {
            multiplyInts(lanes);
            return;
        }
        boolean bytes = operation == WarpOperation.MULTIPLY_E4M3 || operation == WarpOperation.MULTIPLY_E5M2;
        int depth = bytes ? 32 : 16;
        float[] a = new float[ROWS * depth];
        float[] b = new float[COLUMNS * depth];
        for (Lane lane : lanes) {
            float[] fromA = floats(lane, lane.firstOperand, operation, 4 * depth / 8);
            float[] fromB = floats(lane, lane.secondOperand, operation, 2 * depth / 8);
            scatter(lane.index % Warp.SIZE, depth, fromA, fromB, a, b);
        }
        for (Lane lane : lanes) {
            float[] sums = accumulators(lane, float[].class).clone();
            for (int i = 0; i < sums.length; i++) {
                int row = rowOf(lane, i);
                int column = columnOf(lane, i);
                for (int k = 0; k < depth; k++) {
                    sums[i] += a[row * depth + k] * b[column * depth + k];
                }
            }
            lane.objectResult = sums;
        }
    }

    private static void multiplyInts(List<Lane> lanes) {
        int depth = 32;
        float[] a = new float[ROWS * depth];
        float[] b = new float[COLUMNS * depth];
        for (Lane lane : lanes) {
            float[] fromA = floats(lane, lane.firstOperand, WarpOperation.MULTIPLY_INT8, 16);
            float[] fromB = floats(lane, lane.secondOperand, WarpOperation.MULTIPLY_INT8, 8);
            scatter(lane.index % Warp.SIZE, depth, fromA, fromB, a, b);
        }
        for (Lane lane : lanes) {
            int[] sums = accumulators(lane, int[].class).clone();
            for (int i = 0; i < sums.length; i++) {
                for (int k = 0; k < depth; k++) {
                    // Exact: a product of bytes has fewer bits than a float.
                    sums[i] += Math.round(a[rowOf(lane, i) * depth + k] * b[columnOf(lane, i) * depth + k]);
                }
            }
            lane.objectResult = sums;
        }
    }

    private static <T> T accumulators(Lane lane, Class<T> type) {
        Object operand = lane.thirdOperand;
        if (!type.isInstance(operand) || java.lang.reflect.Array.getLength(operand) != 4) {
            throw lane.failure(lane.site, "multiplies into no fragment: take one from mmaFragment");
        }
        return type.cast(operand);
    }

    private static int rowOf(Lane lane, int i) {
        return lane.index % Warp.SIZE / 4 + (i < 2 ? 0 : 8);
    }

    private static int columnOf(Lane lane, int i) {
        return lane.index % Warp.SIZE % 4 * 2 + i % 2;
    }

    /** Puts a lane's values to their places: A by rows, B by columns, both along the depth. */
    private static void scatter(int laneOfWarp, int depth, float[] fromA, float[] fromB, float[] a, float[] b) {
        int run = depth / 8;
        int g = laneOfWarp / 4;
        int t = laneOfWarp % 4;
        for (int register = 0; register < 4; register++) {
            int row = g + register % 2 * 8;
            int k = t * run + register / 2 * depth / 2;
            System.arraycopy(fromA, register * run, a, row * depth + k, run);
        }
        for (int register = 0; register < 2; register++) {
            System.arraycopy(fromB, register * run, b, g * depth + t * run + register * depth / 2, run);
        }
    }

    private static float[] floats(
            Lane lane, @org.jspecify.annotations.Nullable Object fragment, WarpOperation operation, int count) {
        float[] values = new float[count];
        switch (fragment) {
            case HalfFloat[] halves
            when halves.length == count -> {
                for (int i = 0; i < count; i++) {
                    values[i] = operation == WarpOperation.MULTIPLY_BF16
                            ? BFloat16.bf16ToFloat(halves[i].getHalfFloatValue())
                            : halves[i].getFloat32();
                }
            }
            case byte[] bytes
            when bytes.length == count -> {
                for (int i = 0; i < count; i++) {
                    values[i] = switch (operation) {
                        case MULTIPLY_E4M3 -> FP8.e4m3ToFloat(bytes[i]);
                        case MULTIPLY_E5M2 -> FP8.e5m2ToFloat(bytes[i]);
                        default -> bytes[i];
                    };
                }
            }
            case null, default ->
                throw lane.failure(
                        lane.site,
                        "multiplies a fragment that is none of this shape: load A with mmaLoadA, B with mmaLoadB");
        }
        return values;
    }
}
