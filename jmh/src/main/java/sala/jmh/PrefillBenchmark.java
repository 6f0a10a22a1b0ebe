package sala.jmh;

import java.util.Arrays;
import java.util.Optional;
import org.openjdk.jmh.annotations.Param;
import sala.loader.DType;
import sala.model.ModelShape;
import sala.model.Session;

/**
 * A prompt from its first token on, by chunks; {@code gigaflops} counts the matrix products alone, so the time of attention
 * lowers the share. The chunks are those to choose {@code CpuOptions.DEFAULT_PREFILL_CHUNK} from.
 *
 * <pre>  ./sala-jmh PrefillBenchmark -p backend=CPU -p layers=4 -p prefillChunk=64,128,256,512  </pre>
 */
public class PrefillBenchmark extends OperationBenchmark {
    @Param("ONE_B")
    public ModelShape shape = ModelShape.ONE_B;

    /** Layers of the shape that are computed, from the first on; 0 for all. */
    @Param("0")
    public int layers;

    @Param("BF16")
    public DType dtype = DType.BF16;

    @Param("1024")
    public int promptLength;

    @Param({"64", "128", "256", "512", "1024"})
    public int prefillChunk;

    private Optional<SeededModel> model = Optional.empty();

    @Override
    double bytes() {
        return 0;
    }

    @Override
    double flops() {
        return model.orElseThrow().prefillFlops(promptLength);
    }

    @Override
    Operation open() {
        SeededModel opened = new SeededModel(
                backend, shape.config(layers == 0 ? shape.numLayers() : layers), dtype, promptLength, 0, prefillChunk);
        model = Optional.of(opened);
        Session session = opened.newSession();
        int[] prompt = Arrays.copyOf(opened.tokens(), promptLength);
        return Operation.of(
                () -> {
                    session.reset();
                    opened.pass().prefill(session, prompt);
                },
                opened::error,
                opened.tolerance(),
                session,
                opened);
    }
}
