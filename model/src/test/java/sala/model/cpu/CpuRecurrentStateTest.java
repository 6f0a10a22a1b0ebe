package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.RandomTensors;

final class CpuRecurrentStateTest {
    @ParameterizedTest
    @ValueSource(ints = {4, 8, 16, 128})
    void whatIsWrittenIsRead(int headDim) {
        int size = 3 * headDim * headDim;
        double[] written = RandomTensors.create().normal(size);
        CpuRecurrentState state = new CpuRecurrentState(TestConfigs.lightning(3, headDim, 1));
        double[] read = new double[size];
        state.write(written);
        state.read(read);
        assertArrayEquals(written, read);

        CpuRecurrentState copy = state.copy();
        state.clear();
        state.read(read);
        assertArrayEquals(new double[size], read);
        copy.read(read);
        assertArrayEquals(written, read);

        assertThrows(IndexOutOfBoundsException.class, () -> state.write(new double[size - 1]));
        assertThrows(IndexOutOfBoundsException.class, () -> state.read(new double[size - 1]));
    }
}
