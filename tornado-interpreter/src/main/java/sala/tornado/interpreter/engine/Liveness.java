package sala.tornado.interpreter.engine;

import java.lang.classfile.CodeElement;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which local variables are still read after each element of a method. */
final class Liveness {
    private final List<CodeElement> elements;
    private final Map<Label, Integer> positions = new HashMap<>();
    private final List<BitSet> liveBefore = new ArrayList<>();

    Liveness(List<CodeElement> elements) {
        this.elements = elements;
        for (int i = 0; i < elements.size(); i++) {
            liveBefore.add(new BitSet());
            if (elements.get(i) instanceof LabelTarget target) {
                positions.put(target.label(), i);
            }
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int i = elements.size() - 1; i >= 0; i--) {
                BitSet live = liveAfter(i);
                switch (elements.get(i)) {
                    case LoadInstruction load -> live.set(load.slot());
                    case StoreInstruction store -> live.clear(store.slot());
                    case IncrementInstruction increment -> live.set(increment.slot());
                    default -> {}
                }
                if (!live.equals(liveBefore.get(i))) {
                    liveBefore.set(i, live);
                    changed = true;
                }
            }
        }
    }

    /** Slots read after the element before they are written. */
    BitSet liveAfter(int index) {
        BitSet live = new BitSet();
        switch (elements.get(index)) {
            case BranchInstruction branch -> {
                live.or(before(branch.target()));
                if (branch.opcode() != Opcode.GOTO && branch.opcode() != Opcode.GOTO_W) {
                    live.or(liveBefore.get(index + 1));
                }
            }
            case TableSwitchInstruction table -> addCases(live, table.defaultTarget(), table.cases());
            case LookupSwitchInstruction lookup -> addCases(live, lookup.defaultTarget(), lookup.cases());
            case ReturnInstruction _, ThrowInstruction _ -> {}
            default -> {
                if (index + 1 < elements.size()) {
                    live.or(liveBefore.get(index + 1));
                }
            }
        }
        return live;
    }

    private void addCases(BitSet live, Label defaultTarget, List<SwitchCase> cases) {
        live.or(before(defaultTarget));
        for (SwitchCase switchCase : cases) {
            live.or(before(switchCase.target()));
        }
    }

    private BitSet before(Label label) {
        Integer position = positions.get(label);
        if (position == null) {
            throw new IllegalStateException("a branch to a label outside of the method");
        }
        return liveBefore.get(position);
    }
}
