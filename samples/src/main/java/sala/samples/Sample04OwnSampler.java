package sala.samples;

import java.util.ArrayList;
import java.util.List;
import sala.loader.Checkpoint;
import sala.loader.tokenizer.Tokenizer;
import sala.model.Backend;
import sala.model.EmbeddedModel;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.Logits;
import sala.model.ModelWeights;
import sala.model.PassOptions;
import sala.model.Session;
import sala.model.SessionOptions;

/** Chooses tokens by a rule of one's own: the loop around the forward pass is five lines. */
public final class Sample04OwnSampler {
    private Sample04OwnSampler() {}

    /** The likeliest token that was not chosen before: a text without a repeated token. */
    static int choose(Logits logits, List<Integer> chosen) {
        int best = -1;
        for (int token = 0; token < logits.size(); token++) {
            if (!chosen.contains(token) && (best < 0 || logits.get(token) > logits.get(best))) {
                best = token;
            }
        }
        return best;
    }

    /** Prints a continuation in which every token is a new one. */
    public static void main(String[] args) {
        PassOptions passOptions = PassOptions.of(Runtime.getRuntime().availableProcessors(), 512);
        try (Checkpoint checkpoint = Checkpoint.open(EmbeddedModel.directory());
                ForwardPass pass = ForwardPasses.choose(Backend.AUTO).open(ModelWeights.load(checkpoint), passOptions);
                Session session = pass.newSession(SessionOptions.ofContextLength(512))) {
            Tokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
            Logits logits = pass.prefill(session, tokenizer.encode("In the beginning", true));
            List<Integer> chosen = new ArrayList<>();
            while (chosen.size() < 30) {
                chosen.add(choose(logits, chosen));
                logits = pass.decode(session, chosen.getLast());
            }
            System.out.println(
                    tokenizer.decode(chosen.stream().mapToInt(Integer::intValue).toArray(), true));
        }
    }
}
