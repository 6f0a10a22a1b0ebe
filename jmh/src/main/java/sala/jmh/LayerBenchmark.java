package sala.jmh;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Param;
import sala.loader.DType;
import sala.loader.MixerType;
import sala.model.Session;

/**
 * A whole layer, mixer and MLP, behind a context that is made up: one token, or a chunk of prefill. The vocabulary is so
 * small that embedding and head do not count. Sparse attention sets in at 8,192 tokens of context. Compared with double
 * precision are two tokens without context, decoded or prefilled as the timed ones are; attention to a long context is
 * compared in the benchmarks of its stages.
 */
public class LayerBenchmark extends OperationBenchmark {
    private static final int SMALL_VOCABULARY = 64;

    @Param({"SPARSE", "LIGHTNING"})
    public MixerType mixer = MixerType.SPARSE;

    @Param("BF16")
    public DType dtype = DType.BF16;

    @Param({"4096", "65536", "262144", "1048576"})
    public int contextLength;

    @Param({"1", "256"})
    public int tokens;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    private Optional<SeededModel> model = Optional.empty();

    @Override
    double bytes() {
        return model.orElseThrow().decodeBytes();
    }

    @Override
    double flops() {
        return model.orElseThrow().prefillFlops(tokens);
    }

    @Override
    Operation open() {
        SeededModel opened = new SeededModel(
                backend,
                HeadLayout.of(heads).config(List.of(mixer), SMALL_VOCABULARY),
                dtype,
                tokens,
                contextLength,
                tokens == 1 ? 64 : tokens);
        model = Optional.of(opened);
        Session session = tokens == 1 ? opened.newSession() : opened.newSessionOfWholeLayers();
        opened.fill(session, contextLength);
        int[] prompt = Arrays.copyOf(opened.tokens(), tokens);
        Runnable body = tokens == 1
                ? () -> opened.pass().decode(session, prompt[0])
                : () -> opened.pass().prefill(session, prompt);
        return Operation.of(
                        body,
                        backend == BenchmarkBackend.REFERENCE
                                ? () -> 0
                                : () -> opened.errorAgainstReference(tokens == 1),
                        opened.tolerance(),
                        session,
                        opened)
                .renewedBy(() -> opened.fill(session, contextLength));
    }
}
